"""Headers of H.264 that are written here bit by bit."""

import pytest
from h264_writer import BitWriter, full_sps

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.h264_headers import parse_pps, parse_sps
from cmvl_mm.bitstream.h264_nal import length_size, nal_units, parameter_sets
from cmvl_mm.bitstream.h264_slices import parse_slice_header


def test_every_part_of_a_sequence_header():
    nal = full_sps()
    assert b'\0\0\3' in nal
    sps = parse_sps(nal)
    assert (sps.profile, sps.constraints, sps.level, sps.number) == (122, 0x10, 40, 3)
    assert (sps.chroma_format, sps.bit_depth, sps.frame_num_bits) == (2, (10, 9), 9)
    assert (sps.poc_type, sps.poc_lsb_bits, sps.poc_deltas, sps.poc_cycle) == (1, 0, True, (-2, (4, 5)))
    assert (sps.num_ref_frames, sps.gaps_allowed, sps.width, sps.height) == (4, True, 176, 288)
    assert (sps.frame_mbs_only, sps.mb_adaptive) == (False, True)
    assert sps.crop == (4, 2, 0, 6)  # in units of 2 px across, and of 2 lines, one a field, in 4:2:2
    assert (sps.has_vui, sps.max_reorder_frames, sps.max_buffered_frames) == (True, 2, 4)


def test_every_part_of_a_slice_header():
    sps, pps = parse_sps(full_sps()), BitWriter().ue(7, 3).u((1, 1), (1, 1)).ue(0, 2, 1).u((1, 1), (2, 1))
    pps = parse_pps(pps.se(0, 0, 0).u((1, 1), (1, 0), (1, 1)).nal(8))
    assert (pps.number, pps.sps, pps.num_refs, pps.cabac, pps.weighted_b) == (7, 3, (3, 2), True, 1)

    def parse(writer, kind=1, ref=3):
        return parse_slice_header(writer.nal(kind, ref), {3: sps}, {7: pps})

    start = BitWriter().ue(33, 6, 7).u((9, 300), (1, 1), (1, 1)).se(-3).ue(0)  # B, bottom field, redundant_pic_cnt
    lists = start.u((1, 0), (1, 1)).ue(0, 1).u((1, 1)).ue(0, 4, 2, 1, 3).u((1, 0))
    weights = lists.ue(5, 4).u((1, 1)).se(1, -1).u((1, 1)).se(1, 2, 3, 4).u((4, 0))  # of the first of three references
    b = parse(weights.u((1, 1)).ue(1, 6, 3, 2, 1, 5, 0))
    assert (b.first_mb, b.kind, b.frame_num, b.field, b.bottom, b.poc_delta) == (33, 'B', 300, True, True, (-3, 0))
    assert (b.num_refs, b.changes) == ((1, 2), (((0, 4), (2, 1)), ()))
    assert b.marking == ((1, 6), (3, 2, 1), (5,))

    idr = parse(BitWriter().ue(0, 7, 7).u((9, 0), (1, 0)).ue(12).se(5, -6).ue(0).u((1, 0), (1, 1)), kind=5)
    assert (idr.kind, idr.idr, idr.idr_pic_id, idr.poc_delta, idr.long_term) == ('I', True, 12, (5, -6), True)
    assert (idr.num_refs, idr.marking, idr.ref) == ((0, 0), None, True)

    p = BitWriter().ue(0, 5, 7).u((9, 1), (1, 0)).se(0, 0).ue(0).u((1, 0), (1, 0)).ue(1, 1).u((6, 0), (1, 1))
    p = parse(p.ue(1, 6, 3, 2, 1, 5, 0))
    assert (p.kind, p.num_refs, p.marking) == ('P', (3, 0), ((1, 6), (3, 2, 1), (5,)))


def test_units_by_start_codes_and_by_lengths():
    units = [b'\x67abc', b'\x68\x00\x00\x03\x00', b'\x65xyz']
    stream = b'\0\0\0\1' + units[0] + b'\0\0\1' + units[1][:-1] + b'\x09\0\0\0\0\1' + units[2]
    assert list(nal_units(stream, 0)) == [units[0], units[1][:-1] + b'\x09', units[2]]
    for size in (1, 2, 4):
        packet = b''.join(len(unit).to_bytes(size) + unit for unit in units)
        assert list(nal_units(packet, size)) == units
        with pytest.raises(ValueError, match='longer'):
            list(nal_units(packet[:-1], size))
    record = b'\x01\x64\x00\x0a\xff\xe1\x00\x04' + units[0] + b'\x01\x00\x05' + units[1]
    assert length_size(record) == 4
    assert list(parameter_sets(record)) == units[:2]
    assert list(parameter_sets(stream)) == list(nal_units(stream, 0))
    for end in range(1, len(record)):
        with pytest.raises(ValueError, match=r'short|longer'):
            list(parameter_sets(record[:end]))


def test_numbers():
    bits = BitWriter().ue(0, 1, 2**16, 2**32 - 2).se(0, 1, -1, 1000).u((3, 5))
    reader = BitReader(bits.nal(1)[1:].replace(b'\0\0\3', b'\0\0'))
    assert [reader.ue() for _ in range(4)] == [0, 1, 2**16, 2**32 - 2]
    assert [reader.se() for _ in range(4)] == [0, 1, -1, 1000]
    assert reader.u(3) == 5
    with pytest.raises(ValueError, match='at most 3'):
        BitReader(b'\x10').ue(3)
    for empty in (b'', b'\0' * 9):
        with pytest.raises(ValueError, match='ends'):
            BitReader(empty).ue()
