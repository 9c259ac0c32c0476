"""Proves, without decoding, that each packet of a stream gives one frame, and which one: then its index is exact.

Two kinds of files are regular.  Files that `reencode` wrote are known by their seal (seal.py).  H.264 in .mp4, .mov and
Matroska states the order and the type of its pictures in headers, which are read here; tests/video/test_regular.py
compares the resulting index with plain decodes.  For all other files a decode is the only proof (truth.py).
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.h264_headers import parse_pps, parse_sps
from cmvl_mm.bitstream.h264_nal import length_size, parameter_sets, unescaped

H264_CONTAINERS = frozenset({'mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm'})
"""FFmpeg's names of the containers whose H.264 may be proven regular."""

_SLICE, _IDR_SLICE, _SUPPLEMENT, _SPS, _PPS, _DELIMITER, _FILLER = 1, 5, 6, 7, 8, 9, 12  # NAL units (Table 7-1)
_INTRA = {2, 7}  # slice_type of I-slices (Table 7-6)
_B_SLICES = {1, 6}
_START_OF_SLICE = 24  # bytes that hold the parsed part of a slice header, escapes included


class NotRegular(Exception):
    """The reason why the index of a stream must come from a decode."""


class H264Proof:
    """Checks a stream packet by packet.

    Every packet must hold one progressive picture; pictures that are flagged as key frames must be IDR pictures; no
    picture may be missing, and the order of the time stamps must be the display order.

    Args:
        extradata: the header of the stream, an avcC record.

    Raises:
        NotRegular: raised by every method.
    """

    def __init__(self, extradata: bytes | None) -> None:
        try:
            self._length_size = length_size(extradata)
            self._sets = frozenset(parameter_sets(extradata))
            sequences = [parse_sps(nal) for nal in self._sets if nal[0] & 31 == _SPS]
            pictures = [parse_pps(nal) for nal in self._sets if nal[0] & 31 == _PPS]
        except ValueError as error:
            raise _malformed(error) from error
        if not self._length_size:
            raise NotRegular('its NAL units begin with start codes')
        if len(sequences) != 1:
            raise NotRegular(f'its header holds {len(sequences)} sequence parameter sets')
        self._sps = sequences[0]
        self._pps = {header.number: header for header in pictures}
        if not self._sps.frame_mbs_only:
            raise NotRegular('it may be interlaced')
        if self._sps.poc_type == 1 or self._sps.gaps_allowed:
            raise NotRegular('gaps between frames are allowed')
        if any(header.redundant for header in pictures):
            raise NotRegular('it may contain redundant pictures')
        self._order: list[tuple[int, int]] = []  # (IDR period, picture order count) of each packet
        self._stamps: list[int] = []
        self.references: list[bool] = []
        """For each packet, in decoding order: whether other pictures may be predicted from it."""
        self.has_b_frames = False
        self._period, self._reference, self._poc = -1, 0, (0, 0)

    def follow(self, packets: Iterable[Any]) -> Iterator[Any]:
        """The packets unchanged, each checked."""
        for packet in packets:
            try:
                self._add(packet)
            except (ValueError, IndexError) as error:
                raise _malformed(error) from error
            yield packet

    def _add(self, packet: Any) -> None:
        if packet.is_discard:
            raise NotRegular('an edit list cuts frames off')
        if packet.pts is None:
            raise NotRegular('a packet has no time stamp')
        if packet.has_sidedata('new_extradata'):
            raise NotRegular('its headers change')
        data = bytes(packet)
        first, is_idr, count = 0, False, 0
        size, at, end = self._length_size, 0, len(data)
        while at < end:
            start = at + size
            at = start + int.from_bytes(data[at:start])
            if at > end or at == start:
                raise NotRegular('a packet is cut off')
            kind = data[start] & 31
            if kind in (_SLICE, _IDR_SLICE):
                if data[start + 1] & 0x80:  # first_mb_in_slice is 0
                    first, is_idr, count = start, kind == _IDR_SLICE, count + 1
            elif kind in (_SPS, _PPS):
                if data[start:at] not in self._sets:
                    raise NotRegular('its headers change')
            elif kind not in (_SUPPLEMENT, _DELIMITER, _FILLER):
                raise NotRegular(f'it holds NAL units of type {kind}')
        if count != 1:
            raise NotRegular(f'a packet holds {count} pictures')
        if packet.is_keyframe != is_idr:
            raise NotRegular('the container flags other key frames than the stream')
        self._order.append(self._picture(data[first : first + _START_OF_SLICE], is_idr))
        self._stamps.append(packet.pts)

    def _picture(self, nal: bytes, is_idr: bool) -> tuple[int, int]:
        """The position of a picture in display order, from its first slice header (7.3.3, 8.2.1)."""
        sps, bits = self._sps, unescaped(nal, _START_OF_SLICE)
        bits.u(9)  # NAL header; first_mb_in_slice
        kind, pps, frame_num = bits.ue(), self._pps.get(bits.ue()), bits.u(sps.frame_num_bits)
        if pps is None:
            raise NotRegular('a picture refers to a missing header')
        is_reference = nal[0] & 0x60 > 0
        self.has_b_frames |= kind in _B_SLICES
        self.references.append(is_reference)
        if is_idr:
            self._start_period(bits, kind, frame_num)
        elif self._period < 0:
            raise NotRegular('it does not begin with an IDR picture')
        elif frame_num != (self._reference + 1) % (1 << sps.frame_num_bits):
            raise NotRegular('a frame is missing')
        lsb = bits.u(sps.poc_lsb_bits)
        if is_idr:
            if pps.bottom_poc and sps.poc_type == 0:
                bits.se()
            if bits.flag() and self._period:  # no_output_of_prior_pics_flag
                raise NotRegular('it discards frames')
        if is_reference:
            self._reference = frame_num
        if sps.poc_type == 2:
            return self._period, len(self._order)
        return self._period, self._count(lsb, is_reference)

    def _start_period(self, bits: BitReader, kind: int, frame_num: int) -> None:
        if kind not in _INTRA or frame_num:
            raise NotRegular('its IDR pictures are unusual')
        bits.ue()  # idr_pic_id
        self._period += 1
        self._poc = 0, 0

    def _count(self, lsb: int, is_reference: bool) -> int:
        """The picture order count (8.2.1.1)."""
        half = 1 << (self._sps.poc_lsb_bits - 1)
        previous_msb, previous_lsb = self._poc
        msb = previous_msb
        if previous_lsb - lsb >= half:
            msb += 2 * half
        elif lsb - previous_lsb > half:
            msb -= 2 * half
        if is_reference:
            self._poc = msb, lsb
        return msb + lsb

    def finish(self) -> None:
        """Make the checks that need all packets."""
        stamps, order = self._stamps, self._order
        if len(set(stamps)) < len(stamps):
            raise NotRegular('two packets have the same time stamp')
        shown = sorted(range(len(stamps)), key=stamps.__getitem__)
        places = [order[number] for number in shown]
        if any(place >= following for place, following in pairwise(places)):
            raise NotRegular('its time stamps are not in display order')
        depth = _reorder_depth(order)
        if depth and (self._sps.max_reorder_frames is None or depth > self._sps.max_reorder_frames):
            raise NotRegular('its header does not state how far frames are reordered')


def _malformed(error: Exception) -> NotRegular:
    return NotRegular(f'its headers are malformed: {error}')


def _reorder_depth(order: list[tuple[int, int]]) -> int:
    """The largest number of pictures that are decoded before one and displayed after it."""
    seen: list[tuple[int, int]] = []
    depth = 0
    for place in order:
        depth = max(depth, len(seen) - bisect_right(seen, place))
        insort(seen, place)
    return depth
