"""Decoded frames -> RGB arrays."""

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.video.colour import Colour, Tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.reporting import reporting


class RgbWriter:
    """Writes the pictures of one video into arrays.

    Args:
        path: path of the video, for errors.
        tags: the container's colour tags.
        codec: FFmpeg's name of the codec.
    """

    def __init__(self, path: str, tags: Tags, codec: str) -> None:
        self._path = path
        self._colours = ColourReader(path, tags, codec)

    def colour(self, frame: VideoFrame) -> Colour:
        """Matrix and range that convert a decoded frame to RGB."""
        return self._colours.colour(frame)

    def write(self, frame: VideoFrame, out: npt.NDArray[np.uint8]) -> None:
        """Write RGB into (H, W, 3), from FFmpeg's padded lines."""
        height, width, _ = out.shape
        with reporting(self._path, 'decode'):
            plane = self._colours.rgb(frame).planes[0]
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)
        out[:] = lines[:, : 3 * width].reshape(out.shape)
