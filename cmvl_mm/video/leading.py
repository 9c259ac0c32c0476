"""Leading pictures: displayed before a key frame, and decoded after it.

Those of an open GOP need what was decoded before the key frame, too: at the start of a file they are lost.  Others need
the key frame alone, and are sound: RADL pictures of HEVC and VVC, B-frames of a closed GOP of MPEG-1 and MPEG-2, and
all that follow an IDR picture of H.264.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from av.video.frame import VideoFrame

from cmvl_mm.video.macroblocks import origin_of
from cmvl_mm.video.sequential import Origin

DROPS_LOST = frozenset({'h264', 'hevc', 'vvc', 'mpeg1video', 'mpeg2video'})
"""Codecs of which FFmpeg drops leading pictures that are lost: what comes out of a stream's first ones is sound."""

_MOST = 16  # pictures that may wait for one decoded before them (ITU-T H.265, A.4.2: MaxDpbSize)


def numbered(packets: Iterable[Any]) -> Iterator[Any]:
    """The packets, each with its place as ``opaque``: the decoder copies it to the frame, if told to."""
    for position, packet in enumerate(packets):
        packet.opaque = Origin(position)
        yield packet


def begin_with_key_frame(frames: Iterator[VideoFrame]) -> tuple[bool, Iterator[VideoFrame]]:
    """Whether of all frames a key frame was decoded first; and the frames, of which some were looked at.

    Args:
        frames: in display order, from the start of a stream of `numbered` packets.
    """
    seen: list[VideoFrame] = []
    for frame in islice(frames, _MOST):
        seen.append(frame)
        if frame.key_frame:
            break
    origins = [origin_of(frame) for frame in seen]
    known = bool(seen) and seen[-1].key_frame and all(isinstance(origin, Origin) for origin in origins)
    return known and origins[-1] == min(origins), chain(seen, frames)
