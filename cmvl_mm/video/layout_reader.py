"""Types and sizes of the frames of a file."""

from cmvl_mm.video.layout import StreamLayout, types_and_sizes
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.stream import CompressedVideo


def read_layout(video: CompressedVideo) -> StreamLayout:
    """Read types and sizes of all frames.

    If the headers prove the order of frames (``video.proven_regular``), nothing is decoded.  Other files are decoded
    once per process for their index, as for every other read.

    Raises:
        VideoError: the file cannot be indexed, or is damaged and must be decoded.
    """
    check_opened('read_layout', video)
    return StreamLayout(*types_and_sizes(video._decoder), video.keyframes)
