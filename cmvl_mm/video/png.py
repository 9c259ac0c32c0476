"""Writes a picture as a .png file with FFmpeg's encoder."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from cmvl_mm.video.reporting import reporting


def write_png(picture: npt.NDArray[np.uint8], path: str | os.PathLike[str]) -> None:
    """Write a picture, (H, W, 3) uint8 RGB.

    Raises:
        VideoError: stage ``encode``, if the file cannot be written.
    """
    with reporting(os.fspath(path), 'encode'):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
        encoder = CodecContext.create('png', 'w')
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, 'rgb24'
        encoder.time_base, frame.pts = Fraction(1, 25), 0
        Path(path).write_bytes(b''.join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
