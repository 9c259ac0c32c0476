"""Leading pictures: pictures that are displayed before a key frame and decoded after it.

Those of an open GOP also need what was decoded before the key frame, so at the start of a file they are lost.  Others
need only the key frame and are sound: RADL pictures of HEVC and VVC, B-frames of a closed GOP of MPEG-1 and MPEG-2, and
all that follow an IDR picture of H.264.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

from av.video.frame import VideoFrame

from cmvl_mm.video.macroblocks import origin_of
from cmvl_mm.video.sequential import Origin

DROPS_LOST = frozenset({'h264', 'hevc', 'vvc', 'mpeg1video', 'mpeg2video'})
"""Codecs whose lost leading pictures FFmpeg drops: the first frames that come out of such a stream are sound."""

_MOST = 16  # pictures that may wait for one decoded before them (ITU-T H.265, A.4.2: MaxDpbSize)


def begin_with_key_frame(
    packets: Iterator[Any], decode: Callable[[Iterator[Any]], Iterator[VideoFrame]]
) -> tuple[bool, Iterator[VideoFrame]]:
    """Whether a key frame was decoded before all other frames; and the frames, including those already inspected.

    Args:
        packets: packets from the start of a stream. Until the result is known, each packet carries its position as
            ``opaque``, which costs more than the rest of a packet's handling; the decoder copies it to the frame.
        decode: returns the frames of packets in display order.
    """
    known = False

    def numbered() -> Iterator[Any]:
        for position, packet in enumerate(packets):
            packet.opaque = Origin(position)
            yield packet
            if known:
                break
        yield from packets

    frames = decode(numbered())
    seen: list[VideoFrame] = []
    for frame in islice(frames, _MOST):
        seen.append(frame)
        if frame.key_frame:
            break
    known = True
    origins = [origin_of(frame) for frame in seen]
    has_key = bool(seen) and seen[-1].key_frame and all(isinstance(origin, Origin) for origin in origins)
    return has_key and origins[-1] == min(origins), chain(seen, frames)
