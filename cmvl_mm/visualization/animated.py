"""The middle of a video as a short animated picture, small enough for a web page."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from cmvl_mm.video import CompressedVideo

FRAMES, STEP, MILLISECONDS = 8, 4, 160  # 32 frames of the video, at about its own speed
MOST_BYTES = 60_000
_QUALITIES = (70, 45, 20, 5)


def animated_clip(path: str | Path, width: int = 160) -> bytes:
    """Animated WebP of 8 frames, 4 apart, around the video's middle; shorter videos give fewer frames.

    Args:
        path: path of the video.
        width: width of the picture in pixels; the height follows, at least 2.

    Returns:
        The file, at most `MOST_BYTES` if the lowest quality allows it, which it does at this size.

    Raises:
        VideoError: the video cannot be read.
    """
    with CompressedVideo(path) as video:
        first = max(0, (video.num_frames - FRAMES * STEP) // 2)
        frames = video.read(rgb=np.arange(first, min(first + FRAMES * STEP, video.num_frames), STEP), motion=[]).rgb
    height = max(2, round(width * frames.shape[1] / frames.shape[2]))
    pictures = [Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC) for frame in frames]
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        pictures[0].save(
            buffer, 'WEBP', save_all=True, append_images=pictures[1:], duration=MILLISECONDS, loop=0, quality=quality
        )
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()
