"""Vectors of MPEG-4 B-frames, as records like those that FFmpeg exports for other frames."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av import FFmpegError
from av.video.codeccontext import VideoCodecContext

from cmvl_mm.bitstream.mpeg4_b_vop import BVectors, b_vectors
from cmvl_mm.bitstream.mpeg4_headers import Layer, parse_layer
from cmvl_mm.bitstream.mpeg4_vops import B_VOP, I_VOP, S_VOP, Vop, vops
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.held import padded_packet
from cmvl_mm.video.macroblocks import kinds_of, listening_decode
from cmvl_mm.video.side_data import motion_records

_VOP_CODE = b'\0\0\1\xb6'
_LAYER_CODE = re.compile(rb'\x00\x00\x01[\x20-\x2f]')
_HALF = 8  # px: half a macroblock
_MOST_BYTES = 256 << 20  # largest size of the packets, which stay in memory: an hour and more of such video


class _Reference(NamedTuple):
    """What B-frames need of a picture that they refer to."""

    skipped: npt.NDArray[np.bool_]
    """(Mh, Mw): whether each macroblock is skipped."""
    vectors: npt.NDArray[np.int32]
    """(2 Mh, 2 Mw, 2): vectors on half macroblocks."""


class BFrames:
    """Reads the vectors of B-frames by display index.

    Args:
        decoder: decoder for the references; see `cmvl_mm.video.second_decoders.prompt_decoder`.
        packets: all packets of the stream, in decoding order.

    Raises:
        ValueError: the headers are not those of readable frames.
    """

    def __init__(self, decoder: VideoCodecContext, packets: Iterable[bytes]) -> None:
        data = _kept(packets)
        headers = decoder.extradata or b''
        try:
            self._layer = parse_layer(headers)
        except ValueError:
            self._layer = parse_layer(data[0] if data else b'')
        if self._layer.interlaced:
            raise ValueError('B-frames may be coded in fields')
        if any(_states_another(self._layer, packet) for packet in data):
            raise ValueError('the headers change')
        last = len(data) - 1
        self._vops = [
            vop
            for number, packet in enumerate(data)
            for place, vop in enumerate(vops(self._layer, packet))
            if vop.coded and not (place and number == last)  # what is packed into the last packet never comes out
        ]
        self._ticks = _display_ticks(self._layer, self._vops)
        self._by_display = _display_order(self._vops)
        self._context = decoder
        # FFmpeg infers encoders' bugs from frame to frame, if it is told to detect them.
        self._needs_all = decoder.options.get('bug') != '0'
        self._fed = -1  # the VOP that was decoded last
        self._reference: _Reference | None = None
        self._read: tuple[int, tuple[BVectors, BVectors]] | None = None  # the last frame, for both directions

    @property
    def num_frames(self) -> int:
        """Number of displayed pictures."""
        return len(self._by_display)

    def records(self, frame: int, *, to_future: bool = False) -> npt.NDArray[np.void]:
        """Vectors to the past of the B-frame at display index ``frame``, or those to the future marked as past.

        Raises:
            ValueError: its bits, or those of its references, cannot be read.
        """
        if self._read is None or self._read[0] != frame:
            self._read = frame, self._vectors(frame)
        return _as_records(self._read[1][to_future], 4 if self._layer.quarter_sample else 2)

    def _vectors(self, frame: int) -> tuple[BVectors, BVectors]:
        number = self._by_display[frame]
        vop = self._vops[number]
        references = (n for n in range(number - 1, -1, -1) if self._vops[n].kind != B_VOP)
        before = [*islice(references, 2)][::-1]
        if vop.kind != B_VOP or len(before) < 2:
            raise ValueError('the frame is not a B-frame between two references')
        if self._vops[before[1]].kind == S_VOP:
            raise ValueError('the reference after the frame may move as a whole')
        first, last = (self._ticks[n] for n in before)
        span = self._ticks[number] - first, last - first
        if not 0 < span[0] < span[1]:
            raise ValueError('the times of the frame and its references are out of order')
        reference = self._decode_reference(before[1])
        bits = vop.data[vop.data.index(_VOP_CODE) + 4 :]
        return b_vectors(self._layer, bits, reference.skipped, reference.vectors, span)

    def _decode_reference(self, number: int) -> _Reference:
        """Decode from the preceding I-frame, or continue from the last reference."""
        if self._reference is not None and self._fed == number:
            return self._reference
        key = next((n for n in range(number, -1, -1) if self._vops[n].kind == I_VOP), -1)
        if key < 0:
            raise ValueError('no I-frame precedes the frame')
        if not key <= self._fed < number:
            self._context.flush_buffers()
            self._fed = key - 1
        frames = []
        decode = listening_decode(self._context)
        for n in range(self._fed + 1, number + 1):
            if self._vops[n].kind == B_VOP and not self._needs_all:
                continue
            try:
                frames = decode(padded_packet(self._vops[n].data))
            except FFmpegError as error:
                self._fed = -1
                raise ValueError(f'a reference does not decode: {error}') from error
        self._fed = number
        kinds = kinds_of(frames[0]) if len(frames) == 1 and not frames[0].is_corrupt else None
        if kinds is None:
            self._fed = -1
            raise ValueError('a reference is damaged, or FFmpeg does not export which of its macroblocks are skipped')
        records = np.frombuffer(motion_records(frames[0]) or b'', RECORD)
        self._reference = _Reference(kinds.skipped, _on_half_macroblocks(records, kinds.skipped.shape))
        return self._reference


def _states_another(layer: Layer, packet: bytes) -> bool:
    """Whether a packet holds a header that differs from the first."""
    return any(parse_layer(packet[found.start() :]) != layer for found in _LAYER_CODE.finditer(packet))


def _kept(packets: Iterable[bytes]) -> list[bytes]:
    kept, size = list[bytes](), 0
    for packet in packets:
        size += len(packet)
        if size > _MOST_BYTES:
            raise ValueError(f'the stream is larger than {_MOST_BYTES >> 20} MiB')
        kept.append(packet)
    return kept


def _display_order(pictures: list[Vop]) -> list[int]:
    """Numbers of the pictures in display order: a reference is displayed after the B-frames that follow it."""
    order, held = list[int](), list[int]()
    for number, vop in enumerate(pictures):
        if vop.kind == B_VOP:
            order.append(number)
        else:
            order += held
            held = [number]
    return order + held


def _display_ticks(layer: Layer, pictures: list[Vop]) -> list[int]:
    """Display times (6.3.5): seconds count from the reference before, for a B-frame from the reference before that."""
    ticks, seconds, before = list[int](), 0, 0
    for vop in pictures:
        if vop.kind == B_VOP:
            ticks.append((before + vop.seconds) * layer.resolution + vop.ticks)
        else:
            before, seconds = seconds, seconds + vop.seconds
            ticks.append(seconds * layer.resolution + vop.ticks)
    return ticks


def _on_half_macroblocks(records: npt.NDArray[np.void], shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """(2 Mh, 2 Mw, 2): the vectors of 16x16 and 8x8 records, on the grid of the smaller blocks."""
    vectors = np.zeros((2 * shape[0], 2 * shape[1], 2), np.int32)
    left, top = records['dst_x'] - records['w'] // 2, records['dst_y'] - records['h'] // 2
    pairs = np.stack([records['motion_x'], records['motion_y']], axis=1)
    for down in range(2):
        for right in range(2):
            here = (records['h'] > _HALF * down) & (records['w'] > _HALF * right)
            vectors[top[here] // _HALF + down, left[here] // _HALF + right] = pairs[here]
    return vectors


def _as_records(found: BVectors, scale: int) -> npt.NDArray[np.void]:
    rows, columns = np.nonzero(found.valid)
    records = np.zeros(len(rows), RECORD)
    records['source'], records['motion_scale'] = -1, scale
    records['w'] = records['h'] = _HALF
    records['dst_x'], records['dst_y'] = columns * _HALF + _HALF // 2, rows * _HALF + _HALF // 2
    records['motion_x'], records['motion_y'] = found.vectors[rows, columns].T
    return records
