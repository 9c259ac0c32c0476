"""Display order and key frames of a stream, without decoding it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.stream import VideoStream

from cmvl_mm.video.container import codec_name
from cmvl_mm.video.errors import VideoError


class _Packet(NamedTuple):
    """What the index needs of a packet."""

    pts: int | None
    dts: int | None
    key: bool
    shown: bool  # False: an edit list cuts this frame off, or it only serves others as a reference


class Start(NamedTuple):
    """A key frame: where decoding may begin."""

    pts: int
    dts: int
    position: int  # in decoding order, counted in packets
    first: int  # display index of the first frame shown from here on


@dataclass(frozen=True)
class PacketIndex:
    """Display order by time stamps.  ``pts`` is empty where the stream has no usable ones."""

    num_frames: int
    pts: npt.NDArray[np.int64]
    """(num_frames,) presentation time stamps in display order, in the stream's time base."""
    position: npt.NDArray[np.int64]
    """(num_frames,) places of the same frames in decoding order, counted in packets."""
    keyframes: npt.NDArray[np.int64]
    """Display indices of the key frames, sorted."""
    starts: tuple[Start, ...]
    """All key frames, those that an edit list hides too; sorted in display and in decoding order alike."""
    from_header: bool = False
    """Built from .mp4's own table: MPEG-4 Part 2 without B-frames, so packets come in display order."""

    @property
    def has_stamps(self) -> bool:
        """Whether frames can be told apart, and sought, by their time stamps."""
        return len(self.starts) > 0

    def start_of(self, frame: int) -> Start:
        """The key frame from which ``frame`` must be decoded.

        That is the last key frame neither decoded nor displayed after it: in an open GOP the B-frames
        displayed before a key frame need the GOP before, although they are decoded after it.
        """
        return self.starts[self._start_numbers[frame]]

    @cached_property
    def first_of_gop(self) -> list[int]:
        """(num_frames,) display index of the first frame that decoding each brings; 0 without stamps."""
        if not self.has_stamps:
            return [0] * self.num_frames
        return [self.starts[number].first for number in self._start_numbers]

    @cached_property
    def stamps(self) -> list[int]:
        """``pts`` as Python integers, which compare faster one by one."""
        return self.pts.tolist()

    @cached_property
    def known_sound_at(self) -> list[int]:
        """(num_frames,) up to which displayed frame one must look to have seen all that were decoded before each.

        That is the frame itself, save for B-frames, which are displayed before a frame that they depend on.
        """
        decoded = np.argsort(self.position)
        last = np.empty(self.num_frames, np.int64)
        last[decoded] = np.maximum.accumulate(decoded)
        return last.tolist()

    @cached_property
    def _start_numbers(self) -> list[int]:
        """(num_frames,) which of ``starts`` each frame is decoded from."""
        shown_before = np.searchsorted([start.pts for start in self.starts], self.pts, side='right')
        decoded_before = np.searchsorted([start.position for start in self.starts], self.position, side='right')
        return (np.minimum(shown_before, decoded_before) - 1).tolist()


def index_from_header(path: str, container: InputContainer, stream: VideoStream) -> PacketIndex | None:
    """Index from the container's own table; None where that could differ from a demux.

    Accepted is MPEG-4 Part 2 in .mp4 whose header rules out B-frames: what tools/prepare_videos.py writes.
    Then decoding order is display order, and the table's decoding stamps are the presentation stamps up to a
    constant.
    """
    entries = list(stream.index_entries)
    if (
        codec_name(stream) != 'mpeg4'
        or 'mp4' not in container.format.name.split(',')
        or stream.codec_context.has_b_frames
        or stream.start_time is None
        or not entries
    ):
        return None
    if not all(entry.size > 0 and not entry.is_discard for entry in entries):
        return None
    dts = [entry.timestamp for entry in entries]
    keys = [number for number, entry in enumerate(entries) if entry.is_keyframe]
    pts = np.array(dts, np.int64) + (stream.start_time - dts[0])
    if keys[:1] != [0] or (np.diff(pts) <= 0).any():
        return None
    return PacketIndex(
        num_frames=len(pts),
        pts=pts,
        position=np.arange(len(pts)),
        keyframes=np.array(keys, np.int64),
        starts=tuple(Start(int(pts[number]), dts[number], number, first=number) for number in keys),
        from_header=True,
    )


def index_by_demux(path: str, container: InputContainer, stream: VideoStream, demuxed: Iterable[Any]) -> PacketIndex:
    """Index from one pass over all packets, read but not decoded."""
    hidden = _hidden_vp8 if codec_name(stream) == 'vp8' else None
    packets = [
        _Packet(
            pts=packet.pts,
            dts=packet.dts,
            key=packet.is_keyframe,
            shown=not packet.is_discard and not (hidden and hidden(packet)),
        )
        for packet in demuxed
    ]
    # AVI stores no presentation stamps: where B-frames make them differ, FFmpeg guesses, often wrongly.
    guessed = container.format.name == 'avi' and stream.codec_context.has_b_frames
    return _ordered(path, packets, stamps_are='guessed' if guessed else 'stored')


def index_without_stamps(num_frames: int) -> PacketIndex:
    """Index of a stream that can only be decoded from its start."""
    empty = np.empty(0, np.int64)
    return PacketIndex(num_frames=num_frames, pts=empty, position=empty, keyframes=empty, starts=())


def _hidden_vp8(packet: object) -> bool:
    """VP8 keeps reference frames that are never shown in packets of their own (RFC 6386, 9.1: show_frame)."""
    return not bytes(packet)[0] & 0x10  # type: ignore[call-overload]


def _ordered(
    path: str, packets: Sequence[_Packet], *, stamps_are: Literal['stored', 'guessed'] = 'stored'
) -> PacketIndex:
    shown = [packet for packet in packets if packet.shown]
    if not shown:
        raise VideoError(path, 'index', 'the video stream holds no frames')
    keys = [number for number, packet in enumerate(packets) if packet.key]
    stamps = [packet.pts for packet in packets]
    key_stamps = [packet.pts for packet in packets if packet.key and packet.pts is not None]
    if (
        stamps_are == 'guessed'
        or not keys
        or None in stamps
        or len(set(stamps)) < len(stamps)
        or key_stamps != sorted(key_stamps)  # no stream should; the search in start_of relies on it
    ):
        return index_without_stamps(len(shown))

    pts = np.array(stamps, np.int64)
    # What precedes the first key frame, in either order, cannot be decoded and is never shown.
    decodable = (np.arange(len(pts)) >= keys[0]) & (pts >= pts[keys[0]])
    position = np.flatnonzero(decodable & [packet.shown for packet in packets])
    position = position[np.argsort(pts[position])]
    pts = pts[position]
    is_key = np.array([packet.key for packet in packets], np.bool_)
    starts = []
    for number in keys:
        packet = packets[number]
        assert packet.pts is not None
        dts = packet.pts if packet.dts is None else packet.dts
        starts.append(Start(packet.pts, dts, number, first=int(np.searchsorted(pts, packet.pts))))
    return PacketIndex(
        num_frames=len(pts),
        pts=pts,
        position=position,
        keyframes=np.flatnonzero(is_key[position]),
        starts=tuple(starts),
    )
