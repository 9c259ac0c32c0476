"""The truth about a stream, from one decode from start to end: for files that nothing cheaper can index."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from cmvl_mm.video.decoder_options import CODECS_WITH_VECTORS, codec_name
from cmvl_mm.video.errors import NO_FRAMES, VideoError
from cmvl_mm.video.frame_faults import damage_reason
from cmvl_mm.video.leading import DROPS_LOST
from cmvl_mm.video.sequential import (
    Fault,
    decode_in_turn,
    names_no_type,
    pixel_digest,
    stands_alone,
    vector_digest,
)

NO_STAMP = np.iinfo(np.int64).min
"""Value for a time stamp that the container does not give."""

PACKET = np.dtype([('pts', '<i8'), ('dts', '<i8'), ('place', '<i8'), ('size', '<i8'), ('key', '?'), ('cut', '?')])
"""A packet in decoding order: ``place`` is its byte offset, -1 if unknown; ``key`` and ``cut`` (by an edit list) are
flags of the container."""

FRAME = np.dtype(
    [
        ('position', '<i8'),
        ('stamp', '<i8'),
        ('height', '<i4'),
        ('width', '<i4'),
        ('type', 'u1'),
        ('key', '?'),
        ('damaged', '?'),
        ('pixels', '<u4'),
        ('vectors', '<u4'),
    ]
)
"""A shown frame: the packet that it came from, its time stamp, size, type, key flag, soundness, and two checksums."""


@dataclass(frozen=True)
class Truth:
    """The exact index of a stream."""

    packets: npt.NDArray[np.void]
    """(m,) packets as `PACKET`, in decoding order."""
    frames: npt.NDArray[np.void]
    """(n,) frames as `FRAME`, in display order."""
    faults: tuple[Fault, ...]
    """Packets that the decoder rejected."""
    keyframes: npt.NDArray[np.int64] | None = None
    """Display indices of the pictures that were shown to decode alone; None until they are requested."""
    notes: dict[str, Any] = field(default_factory=dict, compare=False)
    """Other data that is kept as long as the index."""

    @property
    def num_frames(self) -> int:
        return len(self.frames)

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """(n,) position in decoding order of the packet that each frame came from; -1 if unknown."""
        return self.frames['position']

    @property
    def types(self) -> npt.NDArray[np.uint8]:
        """(n,) FFmpeg's picture types."""
        return self.frames['type']

    @property
    def has_b_frames(self) -> bool:
        """Whether any frame is a B-frame."""
        return bool((self.types == PictureType.B).any())

    @property
    def nbytes(self) -> int:
        return self.packets.nbytes + self.frames.nbytes

    @cached_property
    def has_positions(self) -> bool:
        """Whether each frame is known to come from its own packet, so that decoding may start elsewhere."""
        positions = np.sort(self.frames['position'])  # numpy.unique takes a second for 100 000 of them
        return bool(positions[0] >= 0 and (np.diff(positions) > 0).all())

    def first_damage(self) -> tuple[int, str] | None:
        """The first damaged frame and the reason; `num_frames` for a packet after the last frame."""
        damaged = np.flatnonzero(self.frames['damaged'])
        if len(damaged):
            number = int(damaged[0])
            return number, damage_reason(number)
        if self.faults:
            position, reason = self.faults[0]
            number = int((self.frames['position'] < position).sum())
            return number, f'packet {position}, after frame {number - 1}, does not decode: {reason}'
        return None

    def with_keyframes(self, keyframes: npt.NDArray[np.int64]) -> 'Truth':
        return replace(self, keyframes=keyframes)


def find_truth(path: str, stream: VideoStream, packets: Iterable[Any]) -> Truth:
    """Decode every packet, and record the result.

    Args:
        path: path of the file, for the error.
        stream: its decoder is fresh.
        packets: all packets, in decoding order.

    Raises:
        VideoError: no frame comes out; stage ``decode`` if the decoder gives the reason, else ``index``.
    """
    table: list[tuple[int, int, int, int, bool, bool]] = []
    faults: list[Fault] = []
    shown: list[tuple[Any, ...]] = []
    sound: list[tuple[bool, bool]] = []
    converter = VideoReformatter()
    unnamed = True
    codec = codec_name(stream)
    has_vectors = codec in CODECS_WITH_VECTORS
    stream.codec_context.copy_opaque = True
    for item in decode_in_turn(stream.codec_context, _noting(packets, table), faults):
        frame = item.frame
        whole = frame.key_frame or (not shown and stands_alone(frame))
        unnamed = unnamed and names_no_type(frame)
        sound.append((whole, frame.is_corrupt))
        stamp = NO_STAMP if frame.pts is None else frame.pts
        kind, key = int(frame.pict_type), frame.key_frame
        digests = pixel_digest(frame, converter), vector_digest(frame) if has_vectors else 0
        shown.append((item.position, stamp, frame.height, frame.width, kind, key, False, *digests))
    if not shown:
        if faults:
            raise VideoError(path, 'decode', f'the decoder returned no frame: {faults[0].reason}')
        raise VideoError(path, 'index', 'the video stream has no frames', NO_FRAMES)
    # If a decoder gives neither types nor key flags, the container's flag of the first picture counts; some containers
    # flag no packet at all. A decoder that flags other pictures also flags the first, unless it is damaged.
    if unnamed and (table[max(shown[0][0], 0)][4] or not any(row[4] for row in table)):
        sound[0] = True, sound[0][1]
    frames = np.array(shown, FRAME)
    # Without a whole picture, a decoder starts from grey and flags nothing. A picture that an edit list cuts off was
    # decoded, although it does not come out.
    *_, begins_whole = table[0]
    first = int(frames['position'].argmin())
    if codec in DROPS_LOST and frames['position'][first] >= 0 and frames['key'][first]:
        begins_whole = True
    frames['damaged'] = _damaged(frames['position'], sound, [fault.position for fault in faults], begins_whole)
    return Truth(packets=np.array(table, PACKET), frames=frames, faults=tuple(faults))


def _noting(packets: Iterable[Any], table: list[tuple[int, int, int, int, bool, bool]]) -> Iterator[Any]:
    for packet in packets:
        table.append((*signature(packet), packet.is_keyframe, packet.is_discard))
        yield packet


def signature(packet: Any) -> tuple[int, int, int, int]:
    """Identifies a packet when it is read again: pts, dts, place and size, as in `PACKET`."""
    pts, dts, place = packet.pts, packet.dts, packet.pos
    return (
        NO_STAMP if pts is None else pts,
        NO_STAMP if dts is None else dts,
        -1 if place is None else place,
        packet.size,
    )


def _damaged(
    positions: npt.NDArray[np.int64], sound: Sequence[tuple[bool, bool]], faults: Sequence[int], begins_whole: bool
) -> npt.NDArray[np.bool_]:
    """(n,) whether each frame is flagged, or may depend on a flagged frame or a rejected packet.

    A frame may depend on all frames decoded before it, back to the last whole one. Frames of an open GOP, displayed
    before a whole frame and decoded after it, may also depend on what was decoded before that.
    """
    damaged = np.zeros(len(positions), np.bool_)
    after = before = not begins_whole  # for frames displayed after the newest whole frame, and before it
    newest, next_fault = -1, 0
    for number in np.argsort(positions, kind='stable'):
        while next_fault < len(faults) and faults[next_fault] < positions[number]:
            after = before = True
            next_fault += 1
        whole, corrupt = sound[number]
        if corrupt:
            before, after = True, after or number > newest
        elif whole:
            before, after, newest = after, False, number
        damaged[number] = after if number >= newest else before
    return damaged
