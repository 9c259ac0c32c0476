"""Sequence and picture parameter sets of H.264 (ITU-T H.264, 7.3.2), from the bytes of NAL units.

Malformed data raises ValueError.
"""

from dataclasses import dataclass

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.h264_nal import unescaped

_WITH_CHROMA_FORMAT = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}  # profile_idc


@dataclass(frozen=True)
class SequenceHeader:
    """Sequence parameter set: properties of a coded video sequence."""

    number: int
    profile: int
    constraints: int
    """constraint_set0_flag is the most significant of 8 bits."""
    level: int
    chroma_format: int
    """0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4."""
    separate_planes: bool
    bit_depth: tuple[int, int]
    """Bit depth of luma and chroma."""
    frame_num_bits: int
    poc_type: int
    poc_lsb_bits: int
    """0 unless ``poc_type`` is 0."""
    poc_deltas: bool
    """Whether slices state how their order differs from the cycle's (``poc_type`` 1)."""
    poc_cycle: tuple[int, tuple[int, ...]]
    """Offset of a non-reference picture, and the offsets of a cycle of references (``poc_type`` 1)."""
    num_ref_frames: int
    gaps_allowed: bool
    """Whether frames may be missing, so that frame_num jumps."""
    width: int
    height: int
    """Height in pixels before cropping."""
    frame_mbs_only: bool
    mb_adaptive: bool
    crop: tuple[int, int, int, int]
    """Pixels cropped at left, right, top, bottom."""
    has_vui: bool
    max_reorder_frames: int | None
    """None if the header has no bitstream_restriction."""
    max_buffered_frames: int | None


@dataclass(frozen=True)
class PictureHeader:
    """Picture parameter set."""

    number: int
    sps: int
    cabac: bool
    bottom_poc: bool
    """bottom_field_pic_order_in_frame_present_flag."""
    num_refs: tuple[int, int]
    """Default lengths of the lists."""
    weighted: bool
    """Whether P-slices use weighted prediction."""
    weighted_b: int
    """Weighted prediction of B-slices: 0 none, 1 explicit, 2 implicit."""
    redundant: bool
    """Whether slices state redundant_pic_cnt."""


def parse_sps(nal: bytes) -> SequenceHeader:
    """Parse a sequence parameter set from a NAL unit of type 7."""
    b = unescaped(nal)
    b.u(8)  # type
    profile, constraints, level, number = b.u(8), b.u(8), b.u(8), b.ue(31)
    chroma, planes, depth = 1, False, (8, 8)
    if profile in _WITH_CHROMA_FORMAT:
        chroma = b.ue(3)
        planes = chroma == 3 and b.flag()
        depth = b.ue(6) + 8, b.ue(6) + 8
        b.flag()  # transform bypass
        if b.flag():
            for matrix in range(12 if chroma == 3 else 8):
                if b.flag():
                    _skip_scaling_list(b, 16 if matrix < 6 else 64)
    frame_num_bits, poc_type = b.ue(12) + 4, b.ue(2)
    lsb_bits, deltas, non_ref_offset, cycle = 0, False, 0, tuple[int, ...]()
    if poc_type == 0:
        lsb_bits = b.ue(12) + 4
    elif poc_type == 1:
        deltas, non_ref_offset = not b.flag(), b.se()
        b.se()  # offset of the bottom field
        cycle = tuple([b.se() for _ in range(b.ue(255))])
    num_ref_frames, gaps, columns, rows, frame_mbs_only = b.ue(16), b.flag(), b.ue(1023) + 1, b.ue(1023) + 1, b.flag()
    adaptive = not frame_mbs_only and b.flag()
    b.flag()  # direct_8x8_inference
    fields = 1 if frame_mbs_only else 2
    grey = chroma == 0 or planes
    wide = 2 if chroma in (1, 2) and not grey else 1
    high = fields * (2 if chroma == 1 and not grey else 1)
    width, height = 16 * columns, 16 * rows * fields
    crop = (0, 0, 0, 0)
    if b.flag():
        crop = b.ue(width) * wide, b.ue(width) * wide, b.ue(height) * high, b.ue(height) * high
    if crop[0] + crop[1] >= width or crop[2] + crop[3] >= height:
        raise ValueError('the crop leaves no picture')
    has_vui = b.flag()
    reorder, buffered = _restriction(b) if has_vui else (None, None)
    return SequenceHeader(
        number, profile, constraints, level, chroma, planes, depth, frame_num_bits, poc_type, lsb_bits, deltas,
        (non_ref_offset, cycle), num_ref_frames, gaps, width, height, frame_mbs_only, adaptive, crop, has_vui,
        reorder, buffered,
    )  # fmt: skip


def _skip_scaling_list(b: BitReader, size: int) -> None:
    last = upcoming = 8
    for _ in range(size):
        if upcoming:
            upcoming = (last + b.se()) % 256
        last = upcoming or last


def _restriction(b: BitReader) -> tuple[int | None, int | None]:
    """max_num_reorder_frames and max_dec_frame_buffering of the VUI (E.1.1)."""
    if b.flag() and b.u(8) == 255:
        b.u(32)  # sample aspect ratio
    if b.flag():
        b.flag()  # overscan
    if b.flag():
        b.u(4)
        if b.flag():
            b.u(24)  # colour
    if b.flag():
        b.ue(5), b.ue(5)  # chroma location
    if b.flag():
        b.u(65)  # timing
    rates = [b.flag() and _skip_rates(b) for _ in range(2)]
    if any(rates):
        b.flag()
    b.flag()  # pic_struct
    if not b.flag():
        return None, None
    b.flag()
    for _ in range(4):
        b.ue()
    return b.ue(16), b.ue(16)


def _skip_rates(b: BitReader) -> bool:
    """HRD parameters (E.1.2)."""
    count = b.ue(31) + 1
    b.u(8)
    for _ in range(count):
        b.ue(), b.ue(), b.u(1)
    b.u(20)
    return True


def parse_pps(nal: bytes) -> PictureHeader:
    """Parse a picture parameter set from a NAL unit of type 8."""
    b = unescaped(nal)
    b.u(8)  # type
    number, sps, cabac, bottom_poc = b.ue(255), b.ue(31), b.flag(), b.flag()
    if b.ue(7):
        raise ValueError('slice groups are not supported, neither here nor by FFmpeg')
    num_refs, weighted, weighted_b = (b.ue(31) + 1, b.ue(31) + 1), b.flag(), b.u(2)
    b.se(), b.se(), b.se(), b.u(2)  # quantisers; deblocking control, constrained intra
    return PictureHeader(number, sps, cabac, bottom_poc, num_refs, weighted, weighted_b, redundant=b.flag())
