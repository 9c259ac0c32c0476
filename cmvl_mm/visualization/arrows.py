"""Draw motion vectors over their picture, with NumPy only.

Symbols: H, W pixels; Hb = ceil(H / block), Wb = ceil(W / block).
"""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import whole
from cmvl_mm.video.motion import QUARTERS, grid_shape

Picture = npt.NDArray[np.uint8]

_DIMMED = 0.55  # share of the picture's brightness that remains
_GREYED = 0.5  # share of its colour that is removed, so that the arrows' colours stand out
_HATCH = 6  # output px from one line of the hatching to the next
_HATCH_LIGHT = 120
_REST_LIGHT = 170
_HEAD = 0.4  # of an arrow's length, at most `_LONGEST_HEAD`
_LONGEST_HEAD = 4.0  # px of the source
_HEAD_ANGLE = np.deg2rad(150)


def draw_vectors(
    rgb: Picture,
    vectors: npt.NDArray[np.int16],
    valid: npt.NDArray[np.bool_],
    *,
    block: int,
    scale: int = 1,
) -> Picture:
    """The dimmed picture with an arrow for each vector.

    An arrow ends in the middle of its cell and begins at the position of the cell's content in the reference picture.
    Its length is exact, ``scale`` output pixels per pixel of motion. Its colour shows its direction
    (`direction_colours`). A cell without motion has a dot; a cell without a valid vector is hatched.

    Args:
        rgb: (H, W, 3) uint8.
        vectors: (Hb, Wb, 2) int16, (dx, dy) in quarter pixels, of one frame of a `MotionField`.
        valid: (Hb, Wb) bool.
        block: edge of a cell in pixels of ``rgb``.
        scale: output pixels for one pixel of ``rgb``, at least 1.

    Returns:
        (H * scale, W * scale, 3) uint8.

    Raises:
        ValueError: shapes do not fit each other or ``block``; ``block`` or ``scale`` is not a whole number from 1 on.
    """
    block, scale = whole('block', block, least=1), whole('scale', scale, least=1)
    height, width = _checked(rgb, vectors, valid, block)
    light = rgb.astype(np.float32)
    light += _GREYED * (light.mean(axis=-1, keepdims=True) - light)
    picture: Picture = (_DIMMED * light).astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    _hatch(picture, ~valid, block * scale)
    moved = vectors.astype(np.float32) * (scale / QUARTERS)  # output px
    tips = _centres(height, width, block) * scale
    rests = valid & ~moved.any(axis=-1)
    _dots(picture, tips[rests], max(scale // 2, 1))
    shown = valid & ~rests
    _arrows(picture, tips[shown], moved[shown], scale)
    return picture


def direction_colours(vectors: npt.NDArray[np.number]) -> Picture:
    """Vectors (n, 2) of (dx, dy), +y down -> colours (n, 3) uint8 RGB: fully saturated hues around the circle.

    Right is red, down (90 degrees) yellow-green, left cyan, up violet; the length has no effect.
    """
    angle = np.arctan2(vectors[:, 1], vectors[:, 0])
    sixths = (angle / (np.pi / 3)) % 6
    offsets = np.array([5.0, 3.0, 1.0])  # of red, green, blue: HSV with full saturation and value
    ramp = (offsets + sixths[:, None]) % 6
    return np.round(255 * (1 - np.clip(np.minimum(ramp, 4 - ramp), 0, 1))).astype(np.uint8)


def _checked(rgb: Picture, vectors: npt.NDArray[np.int16], valid: npt.NDArray[np.bool_], block: int) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f'rgb must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}')
    height, width = rgb.shape[:2]
    grid = grid_shape(height, width, block)
    if valid.shape != grid or vectors.shape != (*grid, 2):
        raise ValueError(
            f'a picture of {width}x{height} px has {grid} cells of {block} px, but valid is {valid.shape} and vectors '
            f'{vectors.shape}. Remedy: give the block with which they were read.'
        )
    return height, width


def _centres(height: int, width: int, block: int) -> npt.NDArray[np.float32]:
    """(Hb, Wb, 2): x and y of the middle of each cell's part inside the picture, in pixels."""
    middles = []
    for size in (height, width):
        first = np.arange(0, size, block)
        middles.append((first + np.minimum(first + block, size)) / 2)
    return np.stack(np.meshgrid(middles[1], middles[0]), axis=-1).astype(np.float32)


def _hatch(picture: Picture, cells: npt.NDArray[np.bool_], edge: int) -> None:
    height, width = picture.shape[:2]
    inside = cells.repeat(edge, axis=0).repeat(edge, axis=1)[:height, :width]
    y, x = np.ogrid[:height, :width]
    picture[inside & ((x + y) % _HATCH == 0)] = _HATCH_LIGHT


def _dots(picture: Picture, centres: npt.NDArray[np.float32], edge: int) -> None:
    corner = (centres - edge / 2).astype(int)
    for dy in range(edge):
        for dx in range(edge):
            _paint(picture, corner + np.array([dx, dy]), np.full((len(corner), 3), _REST_LIGHT, np.uint8))


def _arrows(picture: Picture, tips: npt.NDArray[np.float32], moved: npt.NDArray[np.float32], scale: int) -> None:
    """Draw the shaft and the two head strokes of every arrow, first black and wider, then in colour."""
    length = np.hypot(*moved.T)[:, None]
    head = np.minimum(length * _HEAD, _LONGEST_HEAD * scale)
    colours = direction_colours(moved)
    strokes = [-moved, *(_turned(moved / length, sign * _HEAD_ANGLE) * head for sign in (1, -1))]
    points, owners = [], []
    for stroke in strokes:
        at, owner = _along(tips, stroke)
        points.append(at)
        owners.append(owner)
    places, colour = np.concatenate(points), colours[np.concatenate(owners)]
    thick = 1 + scale // 3
    first = places - (thick - 1) // 2
    inner = [(dx, dy) for dy in range(thick) for dx in range(thick)]
    outline = [(dx, dy) for dy in range(-1, thick + 1) for dx in range(-1, thick + 1) if scale > 1]
    for offset in outline:
        _paint(picture, first + offset, np.zeros_like(colour))
    for offset in inner:
        _paint(picture, first + offset, colour)


def _turned(vectors: npt.NDArray[np.float32], angle: float) -> npt.NDArray[np.float32]:
    sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
    x, y = vectors.T
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)


def _along(
    starts: npt.NDArray[np.float32], strokes: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pixels of n straight strokes: (m, 2) of x, y, and (m,) the stroke of each pixel."""
    counts = np.ceil(np.abs(strokes).max(axis=1)).astype(int) + 1 if len(strokes) else np.zeros(0, int)
    owner = np.repeat(np.arange(len(strokes)), counts)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = step / np.maximum(counts[owner] - 1, 1)
    return np.floor(starts[owner] + strokes[owner] * share[:, None]).astype(np.int64), owner


def _paint(picture: Picture, places: npt.NDArray[np.int64], colours: Picture) -> None:
    """Set the colours of pixels (m, 2) of x, y; pixels outside the picture are ignored."""
    x, y = places.T
    inside = (x >= 0) & (y >= 0) & (x < picture.shape[1]) & (y < picture.shape[0])
    picture[y[inside], x[inside]] = colours[inside]
