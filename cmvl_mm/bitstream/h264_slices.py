"""Slice headers of H.264 (ITU-T H.264, 7.3.3): the type of a picture, and its references.

Malformed data raises ValueError.  Reference lists are 0 and 1.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.h264_headers import PictureHeader, SequenceHeader, parse_pps, parse_sps
from cmvl_mm.bitstream.h264_nal import length_size, nal_units, parameter_sets, unescaped

IDR, NOT_IDR, SPS, PPS = 5, 1, 7, 8  # nal_unit_type
_KINDS = 'P', 'B', 'I', 'SP', 'SI'
# Bytes to read first: most headers are short, and few bits are read faster. The slice's data follows.
_SHORT_HEADER = 48
_LONGEST_HEADER = 1536  # with lists, weights and marking of greatest length
_MOST_COMMANDS = 66  # to change one list or to mark references: FFmpeg's own limit


class SliceHeader(NamedTuple):
    """The start of a slice, up to the marking of references."""

    idr: bool
    ref: bool
    """Whether nal_ref_idc is not 0: the picture is a reference."""
    sps: SequenceHeader
    pps: PictureHeader
    first_mb: int
    kind: str
    """``P``, ``B``, ``I``, ``SP`` or ``SI``."""
    frame_num: int
    field: bool
    bottom: bool
    idr_pic_id: int
    """0 unless ``idr``."""
    poc_lsb: int
    poc_delta: tuple[int, int]
    """``poc_type`` 0: (0, bottom field minus top field); ``poc_type`` 1: delta_pic_order_cnt."""
    redundant: int
    num_refs: tuple[int, int]
    """Lengths of the lists; 0 if the kind has none."""
    changes: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
    """For each list: (modification_of_pic_nums_idc, its operand), without the closing 3."""
    marking: tuple[tuple[int, ...], ...] | None
    """(memory_management_control_operation, its operands); None: sliding window."""
    long_term: bool
    """Whether an IDR picture becomes a long-term reference."""


class HeaderReader:
    """Reads the slice headers of a stream, packet by packet in decoding order.

    Args:
        extradata: header of the stream: an avcC record, start codes, or None.
    """

    def __init__(self, extradata: bytes | None) -> None:
        self._size = length_size(extradata)
        self.sps: dict[int, SequenceHeader] = {}
        self.pps: dict[int, PictureHeader] = {}
        for nal in parameter_sets(extradata):
            self._keep(nal)

    def _keep(self, nal: bytes) -> None:
        if nal[0] & 31 == SPS:
            sps = parse_sps(nal)
            self.sps[sps.number] = sps
        elif nal[0] & 31 == PPS:
            pps = parse_pps(nal)
            self.pps[pps.number] = pps

    def slices(self, packet: bytes) -> Iterator[SliceHeader]:
        """Headers of all slices in a packet; parameter sets in the packet are stored."""
        for nal in nal_units(packet, self._size):
            if nal[0] & 31 in (IDR, NOT_IDR):
                yield parse_slice_header(nal, self.sps, self.pps)
            else:
                self._keep(nal)


def parse_slice_header(nal: bytes, sps_of: dict[int, SequenceHeader], pps_of: dict[int, PictureHeader]) -> SliceHeader:
    """Parse the header of a slice from a NAL unit of type 1 or 5, given the parameter sets by number."""
    try:
        return _parse_slice_header(unescaped(nal, _SHORT_HEADER), sps_of, pps_of)
    except ValueError:
        if len(nal) <= _SHORT_HEADER:
            raise
    return _parse_slice_header(unescaped(nal, _LONGEST_HEADER), sps_of, pps_of)


def _parse_slice_header(
    b: BitReader, sps_of: dict[int, SequenceHeader], pps_of: dict[int, PictureHeader]
) -> SliceHeader:
    b.flag()
    ref, idr = b.u(2) > 0, b.u(5) == IDR
    first_mb, kind = b.ue(), _KINDS[b.ue(9) % 5]
    try:
        pps = pps_of[b.ue(255)]
        sps = sps_of[pps.sps]
    except KeyError as error:
        raise ValueError(f'a slice refers to the missing parameter set {error}') from error
    if sps.separate_planes:
        b.u(2)
    frame_num = b.u(sps.frame_num_bits)
    field = not sps.frame_mbs_only and b.flag()
    bottom = field and b.flag()
    idr_pic_id = b.ue(65535) if idr else 0
    lsb = b.u(sps.poc_lsb_bits)
    delta = [0, 0]
    two_orders = pps.bottom_poc and not field
    if sps.poc_type == 1 and sps.poc_deltas:
        delta[0] = b.se()
    if two_orders and (sps.poc_type == 0 or (sps.poc_type == 1 and sps.poc_deltas)):
        delta[1] = b.se()
    redundant = b.ue(127) if pps.redundant else 0
    lists = {'P': 1, 'SP': 1, 'B': 2}.get(kind, 0)
    if kind == 'B':
        b.flag()  # direct_spatial_mv_pred
    num_refs = list(pps.num_refs)
    if lists and b.flag():
        num_refs[:lists] = [b.ue(31) + 1 for _ in range(lists)]
    num_refs[lists:] = [0] * (2 - lists)
    changes = [_list_changes(b) if number < lists else () for number in range(2)]
    if (lists == 1 and pps.weighted) or (lists == 2 and pps.weighted_b == 1):
        _skip_weights(b, sum(num_refs), sps.chroma_format != 0 and not sps.separate_planes)
    long_term, marking = False, None
    if ref and idr:
        b.flag()  # no_output_of_prior_pics
        long_term = b.flag()
    elif ref and b.flag():
        marking = _marking(b)
    return SliceHeader(
        idr, ref, sps, pps, first_mb, kind, frame_num, field, bottom, idr_pic_id, lsb, (delta[0], delta[1]), redundant,
        (num_refs[0], num_refs[1]), (changes[0], changes[1]), marking, long_term,
    )  # fmt: skip


def _list_changes(b: BitReader) -> tuple[tuple[int, int], ...]:
    changes: list[tuple[int, int]] = []
    if b.flag():
        while (change := b.ue(3)) != 3:
            changes.append((change, b.ue()))
            if len(changes) > _MOST_COMMANDS:
                raise ValueError('the changes to a reference list do not end')
    return tuple(changes)


def _skip_weights(b: BitReader, count: int, has_chroma: bool) -> None:
    """pred_weight_table (7.3.3.2)."""
    b.ue(7)
    if has_chroma:
        b.ue(7)
    for _ in range(count):
        for values in (2, 4) if has_chroma else (2,):
            if b.flag():
                for _ in range(values):
                    b.se()


def _marking(b: BitReader) -> tuple[tuple[int, ...], ...]:
    """dec_ref_pic_marking of non-IDR pictures (7.3.3.3)."""
    operands = {1: 1, 2: 1, 3: 2, 4: 1, 5: 0, 6: 1}
    commands: list[tuple[int, ...]] = []
    while command := b.ue(6):
        commands.append((command, *[b.ue() for _ in range(operands[command])]))
        if len(commands) > _MOST_COMMANDS:
            raise ValueError('the marking of references does not end')
    return tuple(commands)
