"""Draw predictions or motion vectors over frames of a video."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cmvl_mm.video import CompressedVideo
from cmvl_mm.visualization.arrows import draw_vectors

from .inputs import Input, InputError
from .predictions import Row

MOST_FRAMES = 16
"""Number of frames to draw, spread over the video."""
SHORT_SIDE = 240
"""Smallest short side of a drawn picture in pixels; smaller frames are enlarged by a whole number."""
Pictures = npt.NDArray[np.uint8]
"""(F, H, W, 3) RGB."""


def with_scores(one: Input, row: Row) -> Pictures:
    """Frames below a line of text: class and score, or the length of the feature.

    Raises:
        InputError: a tensor has no frames.
    """
    frames = _frames(one)
    if 'scores' in row:
        text = f'{row["name"] or "class " + str(row["label"])}: {100 * row["score"]:.1f} %'
    else:
        text = f'{len(row["feature"])} features'
    return np.stack([_with_text(frame, text) for frame in frames])


def with_vectors(one: Input) -> Pictures:
    """Frames with their motion vectors as arrows; frames without vectors are hatched.

    Raises:
        InputError: an array or a tensor has no vectors.
        VideoError: the file cannot be read.
    """
    if one.kind != 'file':
        raise InputError(f'{one.name}: only a file has motion vectors. Remedy: pass the path, or visualize="scores".')
    with CompressedVideo(str(one.value)) as video:
        chosen = _spread(video.num_frames)
        frames = video.read(rgb=chosen, motion=chosen)
        motion = frames.motion
        scale = _scale(video.height, video.width)
        drawn = [
            draw_vectors(frame, vectors, valid, block=motion.block, scale=scale)
            for frame, vectors, valid in zip(frames.rgb, motion.vectors, motion.valid, strict=True)
        ]
    return np.stack(drawn)


def _frames(one: Input) -> Pictures:
    if isinstance(one.value, str):
        with CompressedVideo(one.value) as video:
            return video.read(rgb=_spread(video.num_frames)).rgb
    if isinstance(one.value, np.ndarray):
        return one.value[_spread(len(one.value))]
    raise InputError(f'{one.name}: normalised clips cannot be drawn. Remedy: pass a file or an array.')


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int)).tolist()


def _scale(height: int, width: int) -> int:
    return max(1, round(SHORT_SIDE / min(height, width)))


def _with_text(frame: Pictures, text: str) -> Pictures:
    scale = _scale(*frame.shape[:2])
    picture = Image.fromarray(frame.repeat(scale, axis=0).repeat(scale, axis=1))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=18)
    _, _, width, height = draw.textbbox((0, 0), text, font=font)
    draw.rectangle((0, 0, min(width + 12, picture.width), height + 10), fill=(0, 0, 0))
    draw.text((6, 3), text, font=font, fill=(255, 255, 255))
    return np.asarray(picture)


def write_gif(pictures: Pictures, path: Path) -> None:
    """Write a repeating animation of five pictures per second; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, pictures)
    first.save(path, save_all=True, append_images=others, duration=200, loop=0)


def show_sheet(pictures: Pictures, title: str) -> None:
    """Show the pictures in the system's viewer, four in a row."""
    count, height, width, _ = pictures.shape
    columns = min(count, 4)
    sheet = Image.new('RGB', (columns * width, -(-count // columns) * height))
    for place, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture), (place % columns * width, place // columns * height))
    sheet.show(title)
