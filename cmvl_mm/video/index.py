"""Display order and key frames of a stream that is proven regular, found without decoding."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from av.video.stream import VideoStream

from cmvl_mm.video.seal import Seal


class Start(NamedTuple):
    """A key frame, where decoding may start."""

    pts: int
    dts: int
    position: int  # in decoding order, counted in packets
    first: int  # display index of the first frame shown from here on


@dataclass(frozen=True)
class PacketIndex:
    """Index of a stream in which each packet is one frame, identified by its time stamp."""

    num_frames: int
    pts: npt.NDArray[np.int64]
    """(num_frames,) presentation time stamps in display order, in the stream's time base."""
    position: npt.NDArray[np.int64]
    """(num_frames,) positions of the same frames in decoding order, counted in packets."""
    keyframes: npt.NDArray[np.int64]
    """Display indices of the key frames, sorted."""
    starts: tuple[Start, ...]
    """All key frames; their order is the same in display and in decoding order."""
    references: npt.NDArray[np.bool_] | None = None
    """(num_frames,) in decoding order: whether other pictures may be predicted from the frame; None if unknown."""
    has_b_frames: bool = False
    """Whether the first slice of a picture is a B-slice."""
    from_header: bool = False
    """Whether the file is a prepared one: MPEG-4 Part 2 without B-frames, so packets are in display order."""
    notes: dict[str, Any] = field(default_factory=dict, compare=False)
    """Other data that is kept as long as the index."""

    @property
    def types(self) -> npt.NDArray[np.integer] | None:
        """(num_frames,) FFmpeg's picture types of a prepared file; None for others, whose pictures may mix slices."""
        if not self.from_header:
            return None
        types = np.full(self.num_frames, int(PictureType.P))
        types[self.keyframes] = int(PictureType.I)
        return types

    @property
    def nbytes(self) -> int:
        """Bytes of the index and its cached properties, roughly."""
        return 12 * self.pts.nbytes

    def start_of(self, frame: int) -> Start:
        """The key frame from which to decode ``frame``.

        It is the last key frame that is neither decoded nor displayed after ``frame``. In an open GOP, the B-frames
        displayed before a key frame need the previous GOP, although they are decoded after that key frame.
        """
        return self.starts[self._start_numbers[frame]]

    @cached_property
    def first_of_gop(self) -> list[int]:
        """(num_frames,) display index of the first frame that comes out when decoding each frame."""
        return [self.starts[number].first for number in self._start_numbers]

    @cached_property
    def stamps(self) -> list[int]:
        """``pts`` as Python integers, which compare faster one by one."""
        return self.pts.tolist()

    @cached_property
    def known_sound_at(self) -> list[int]:
        """(num_frames,) last displayed frame to check before all frames decoded before each are known to be sound.

        It is the frame itself, except for B-frames, which are displayed before a frame that they depend on.
        """
        decoded = np.argsort(self.position)
        last = np.empty(self.num_frames, np.int64)
        last[decoded] = np.maximum.accumulate(decoded)
        return last.tolist()

    @cached_property
    def _start_numbers(self) -> list[int]:
        """(num_frames,) index in ``starts`` of the key frame from which each frame is decoded."""
        shown_before = np.searchsorted([start.pts for start in self.starts], self.pts, side='right')
        decoded_before = np.searchsorted([start.position for start in self.starts], self.position, side='right')
        return (np.minimum(shown_before, decoded_before) - 1).tolist()


def index_of_sealed(stream: VideoStream, seal: Seal) -> PacketIndex | None:
    """Index of a prepared file from the container's table; None if the table does not match the seal.

    In such files decoding order is display order, and decoding and presentation stamps differ by a constant.
    """
    entries = list(stream.index_entries)
    if stream.start_time is None or len(entries) != seal.num_frames:
        return None
    keys = [number for number, entry in enumerate(entries) if entry.is_keyframe]
    if keys != list(range(0, seal.num_frames, seal.gop)):
        return None
    dts = [entry.timestamp for entry in entries]
    pts = np.array(dts, np.int64) + (stream.start_time - dts[0])
    return PacketIndex(
        num_frames=len(pts),
        pts=pts,
        position=np.arange(len(pts)),
        keyframes=np.array(keys, np.int64),
        starts=tuple(Start(int(pts[number]), dts[number], number, first=number) for number in keys),
        from_header=True,
    )


def index_of_regular(
    packets: Sequence[tuple[int, int, bool]], references: Sequence[bool], has_b_frames: bool
) -> PacketIndex:
    """Index of a stream that is proven regular (regular.py).

    Args:
        packets: pts, dts and the key-frame flag of each packet, in decoding order.
        references: for each packet, whether other pictures may be predicted from it.
        has_b_frames: whether any picture is a B-frame.
    """
    stamps = np.array([pts for pts, _, _ in packets], np.int64)
    position = np.argsort(stamps)
    pts = stamps[position]
    keys = [number for number, (_, _, key) in enumerate(packets) if key]
    first = np.searchsorted(pts, stamps[keys])
    return PacketIndex(
        num_frames=len(pts),
        pts=pts,
        position=position,
        keyframes=first,
        starts=tuple(
            Start(packets[number][0], packets[number][1], number, first=int(shown))
            for number, shown in zip(keys, first, strict=True)
        ),
        references=np.array(references, np.bool_),
        has_b_frames=has_b_frames,
    )
