"""What a file spends on each frame, and of which type it is, without decoding what need not be."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.h264_slices import HeaderReader
from cmvl_mm.video.asked import is_prepared
from cmvl_mm.video.container import reporting
from cmvl_mm.video.stream import CompressedVideo


@dataclass(frozen=True, eq=False)
class StreamLayout:
    """All n frames of a video, in display order."""

    types: str
    """(n,) ``I``, ``P`` or ``B``."""
    sizes: npt.NDArray[np.int64]
    """(n,) bytes of the packet that holds the frame; -1 where it is not known which one does."""
    keyframes: npt.NDArray[np.int64]
    """(k,) display indices of the key frames."""

    @property
    def gop_lengths(self) -> npt.NDArray[np.int64]:
        """(k,) frames from each key frame up to the next one, or to the end."""
        return np.diff(np.append(self.keyframes, len(self.types)))


def read_layout(video: CompressedVideo) -> StreamLayout:
    """Types and sizes of all frames.

    Nothing is decoded where the headers prove the order of frames (``video.proven_regular``).  Other files are decoded
    once in a process for their index, as for any other question.

    Raises:
        VideoError: the file cannot be indexed, or holds damage where it must be decoded.
    """
    position = np.asarray(video._decoder.position)
    sizes = _packet_sizes(video)
    known = position >= 0
    of_frames = np.where(known, sizes[np.where(known, position, 0)], -1)
    return StreamLayout(_types(video, position), of_frames, video.keyframes)


def _packet_sizes(video: CompressedVideo) -> npt.NDArray[np.int64]:
    """In decoding order."""
    truth = video._decoder.truth
    if truth is not None:
        return truth.packets['size']
    if is_prepared(video):
        return np.array([entry.size for entry in video._decoder.stream.index_entries], np.int64)
    return np.array([len(packet) for packet in video._decoder.packet_data()], np.int64)


def _types(video: CompressedVideo, position: npt.NDArray[np.int64]) -> str:
    if video._decoder.truth is not None:
        return video.frame_types  # known from the index
    if is_prepared(video):
        keys = set(video.keyframes.tolist())
        return ''.join('I' if number in keys else 'P' for number in range(video.num_frames))
    # Proven regular otherwise: H.264, one picture a packet.
    headers = HeaderReader(video._decoder.stream.codec_context.extradata)
    with reporting(video.path, 'index'):
        kinds = [{header.kind for header in headers.slices(packet)} for packet in video._decoder.packet_data()]
    names = ['B' if 'B' in kind else 'P' if kind & {'P', 'SP'} else 'I' for kind in kinds]
    return ''.join(names[place] for place in position)
