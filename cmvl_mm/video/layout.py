"""Size and type of each frame of a file, with as little decoding as possible."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.h264_slices import HeaderReader
from cmvl_mm.video.asked import is_prepared
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.picture_types import letters
from cmvl_mm.video.reporting import reporting

Sizes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StreamLayout:
    """All n frames of a video, in display order."""

    types: str
    """(n,) ``I``, ``P`` or ``B``."""
    sizes: Sizes
    """(n,) bytes of the packet that holds the frame; -1 if that packet is not known."""
    keyframes: npt.NDArray[np.int64]
    """(k,) display indices of the key frames."""

    @property
    def gop_lengths(self) -> npt.NDArray[np.int64]:
        """(k,) frames from each key frame to the next one or to the end."""
        return np.diff(np.append(self.keyframes, len(self.types)))


def types_and_sizes(decoder: FrameDecoder) -> tuple[str, Sizes]:
    """Types and sizes as in `StreamLayout`.

    Raises:
        VideoError: the file cannot be indexed, or is damaged and must be decoded.
    """
    position = np.asarray(decoder.position)
    truth = decoder.truth
    if truth is not None:
        sizes, types = truth.packets['size'], letters(decoder.pictures())  # known from the index
    elif is_prepared(decoder):
        sizes = np.array([entry.size for entry in decoder.stream.index_entries], np.int64)
        keys = set(decoder.keyframes().tolist())
        types = ''.join('I' if number in keys else 'P' for number in range(decoder.num_frames))
    else:
        sizes, kinds = _read_h264(decoder)
        types = ''.join(kinds[place] for place in position)
    known = position >= 0
    return types, np.where(known, sizes[np.where(known, position, 0)], -1)


def _read_h264(decoder: FrameDecoder) -> tuple[Sizes, list[str]]:
    """Size and type of each packet, which holds one picture, in decoding order."""
    headers = HeaderReader(decoder.stream.codec_context.extradata)
    sizes, types = list[int](), list[str]()
    with reporting(decoder.path, 'index'):
        for packet in decoder.packet_data():
            kinds = {header.kind for header in headers.slices(packet)}
            sizes.append(len(packet))
            types.append('B' if 'B' in kinds else 'P' if kinds & {'P', 'SP'} else 'I')
    return np.array(sizes, np.int64), types
