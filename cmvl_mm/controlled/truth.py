"""The true motion of a controlled video, in memory, in a file, and on the grid of the motion vectors."""

import io
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.video.checks import whole
from cmvl_mm.video.motion import grid_shape


@dataclass(frozen=True)
class ControlledTruth:
    """The true motion of a controlled video.  T frames, n objects; +x right, +y down; frame 0 has displacement 0.

    In a file, each field is an array of that name.
    """

    context: str
    motion: str
    size: tuple[int, int]
    """(height, width) of the frames, px."""
    centres: npt.NDArray[np.float32]
    """(T, n, 2): (x, y) of each object's centre in pixels; may be outside the frame."""
    diameters: npt.NDArray[np.float32]
    """(T, n): diameter of each object, px."""
    displacement: npt.NDArray[np.float32]
    """(T, n, 2): displacement of each object on the screen since the previous frame, px.  An unseen jump from one side
    of the frame to the other does not count."""
    background: npt.NDArray[np.float32]
    """(T, 2): displacement of the background in the middle of the frame since the previous frame, px."""
    zoom: npt.NDArray[np.float32]
    """(T,): zoom factor relative to the previous frame; 1 without zoom."""


def save_truth(truth: ControlledTruth, path: str | os.PathLike[str]) -> None:
    """Write an .npz of plain arrays atomically."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {field.name: np.asarray(getattr(truth, field.name)) for field in fields(truth)}
    np.savez_compressed(content, **arrays)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target) as temporary:
        temporary.write_bytes(content.getvalue())


def load_truth(path: str | os.PathLike[str]) -> ControlledTruth:
    """Read a file of `save_truth`.

    Raises:
        ValueError: the file has other contents.
    """
    names = [field.name for field in fields(ControlledTruth)]
    with np.load(path, allow_pickle=False) as file:
        if sorted(file.files) != sorted(names):
            raise ValueError(
                f'{os.fspath(path)}: it has the arrays {sorted(file.files)}, but the truth of a controlled video has '
                f'{sorted(names)}. Remedy: delete the file and run tools/make_benchmark.py again.'
            )
        height, width = file['size'].tolist()
        arrays = {name: file[name] for name in names if name not in ('context', 'motion', 'size')}
        return ControlledTruth(str(file['context']), str(file['motion']), (height, width), **arrays)


@dataclass(frozen=True)
class BlockTruth:
    """The true motion on a grid of blocks."""

    vectors: npt.NDArray[np.float32]
    """(T, Hb, Wb, 2): (dx, dy) in pixels, dst - src, at the block's middle: of the object painted last there, or of the
    background.  Zoom is included: growing content moves outwards."""
    inside: npt.NDArray[np.bool_]
    """(T, Hb, Wb): one object covers the block, except its corners, and its content was visible one frame before."""
    outside: npt.NDArray[np.bool_]
    """(T, Hb, Wb): no object touches the block in this or the previous frame, and its content was visible then."""


def block_truth(truth: ControlledTruth, block: int = 16) -> BlockTruth:
    """The true motion of every block of ``block`` px, for comparison with `MotionField.vectors` / 4.

    Raises:
        ValueError: ``block`` is not a whole number of at least 1.
    """
    block = whole('block', block, least=1)
    rows, columns = grid_shape(*truth.size, block)
    y, x = np.mgrid[:rows, :columns] * block + (block - 1) / 2
    middles = np.stack([x, y], axis=-1).astype(np.float32)  # (Hb, Wb, 2)
    sides = np.array(truth.size[::-1], np.float32)
    vectors = truth.background[:, None, None] + (1 - 1 / truth.zoom)[:, None, None, None] * (middles - (sides - 1) / 2)
    inside = np.zeros(vectors.shape[:-1], bool)
    outside = np.ones_like(inside)
    for n in range(truth.centres.shape[1]):
        arms = middles - truth.centres[:, n, None, None]  # (T, Hb, Wb, 2)
        radius = (truth.diameters[:, n] / 2)[:, None, None]
        distance = np.hypot(arms[..., 0], arms[..., 1])
        growth = (1 - _before(truth.diameters[:, n]) / truth.diameters[:, n])[:, None, None, None]
        covered = distance < radius
        vectors[covered] = (truth.displacement[:, n, None, None] + growth * arms)[covered]
        clear = distance > radius + 0.75 * block
        clear &= _before(clear)
        inside = (inside & clear) | (distance < radius - 0.55 * block)
        outside &= clear
    came_from = middles - vectors
    margin = (block - 1) / 2
    seen = ((came_from >= margin) & (came_from <= sides - 1 - margin)).all(axis=-1)
    return BlockTruth(vectors=vectors.astype(np.float32), inside=inside & seen, outside=outside & seen)


def _before(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The value of the previous frame; for the first frame its own value."""
    return np.concatenate([values[:1], values[:-1]])
