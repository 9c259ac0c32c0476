"""Types and sizes of the frames of a file."""

from cmvl_mm.video.layout import StreamLayout, types_and_sizes
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.stream import CompressedVideo


def read_layout(video: CompressedVideo) -> StreamLayout:
    """Types and sizes of all frames.

    Nothing is decoded where the headers prove the order of frames (``video.proven_regular``).  Other files are decoded
    once in a process for their index, as for any other question.

    Raises:
        VideoError: the file cannot be indexed, or holds damage where it must be decoded.
    """
    check_opened('read_layout', video)
    return StreamLayout(*types_and_sizes(video._decoder), video.keyframes)
