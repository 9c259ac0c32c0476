"""A frame -> 8-bit RGB by swscale, by that of its ways which keeps white white."""

from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

FAST_FORMATS = frozenset({'yuv420p', 'yuvj420p', 'yuva420p', 'yuv422p', 'yuvj422p'})
"""Those that swscale has converters of their own for, of even heights: at most a level too dark, 0.5 on average."""


class EightBitRgb:
    """Converts frames of one video to `rgb24`.

    Of all other formats with fewer samples of chroma than of luma, swscale's way to packed RGB of an even width is
    dark: white is 253, and values are 1.5 to 1.8 levels too low on average (FFmpeg 8.1.2). Its way to planar RGB
    rounds, and from there to packed RGB samples are copied. The fast formats do not go by planar RGB: of
    some widths, 1080 among them, the last columns are not written then (findings/planar_rgb_lacks_columns.sh).
    """

    def __init__(self) -> None:
        # one for each way: a converter that changes its formats is made anew each time
        self._to_planar, self._to_packed = VideoReformatter(), VideoReformatter()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """The same picture as `rgb24`; the tags of the frame say by which matrix and range."""
        if is_dark(frame.format, frame.height):
            frame = self._to_planar.reformat(frame, format='gbrp', threads=1)
        return self._to_packed.reformat(frame, format='rgb24', threads=1)


def is_dark(format: VideoFormat, height: int) -> bool:
    """Whether swscale's way from this format to packed RGB does not round."""
    if format.is_rgb or len(format.components) < 3 or format.has_palette:
        return False
    subsampled = format.chroma_width(16) < 16 or format.chroma_height(16) < 16
    return subsampled and (format.name not in FAST_FORMATS or height % 2 == 1)
