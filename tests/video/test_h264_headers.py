"""Headers of H.264: what x264 writes, what is written here bit by bit, and nothing but ValueError for damage."""

import av
import numpy as np
import pytest
from h264_writer import BitWriter

from cmvl_mm.video.bits import BitReader
from cmvl_mm.video.h264_headers import length_size, nal_units, parameter_sets, parse_pps, parse_sps
from cmvl_mm.video.h264_slices import HeaderReader, parse_slice_header


def full_sps():
    """High 4:2:2 profile, interlaced, with every part that the header can have."""
    w = BitWriter().u((8, 122), (8, 0x10), (8, 40)).ue(3, 2, 2, 1).u((1, 0), (1, 1))
    for matrix in range(8):
        w.u((1, matrix in (1, 7)))
        if matrix == 1:
            w.se(*[1] * 16)
        elif matrix == 7:
            w.se(3, -11)  # 0: the rest repeats
    w.ue(5, 1).u((1, 0)).se(-2, 1).ue(2).se(4, 5)  # frame_num in 9 bits; orders by a cycle of two
    w.ue(4).u((1, 1)).ue(10, 8).u((1, 0), (1, 1), (1, 1))  # 176 x 288, field or frame macroblocks
    w.u((1, 1)).ue(2, 1, 0, 3)  # crop
    w.u((1, 1), (1, 1), (8, 255), (32, 0), (1, 1), (1, 0), (1, 1), (4, 5), (1, 1), (24, 0), (1, 1)).ue(1, 1)
    w.u((1, 1), (64, 0), (1, 0))  # timing: zeros, so that bytes must be escaped
    for _ in range(2):
        w.u((1, 1)).ue(1).u((8, 0)).ue(9, 9).u((1, 0)).ue(9, 9).u((1, 0), (20, 0))
    return w.u((1, 0), (1, 1), (1, 1), (1, 1)).ue(0, 0, 9, 9, 2, 4).nal(7)


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


@pytest.mark.parametrize('name', ['h264_b', 'h264_open', 'h264_raw', 'h264_b_ts', 'h264_b_mkv'])
def test_headers_of_x264_tell_kinds_and_order(clips, plain_frames, name):
    path = clips(name)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        extradata = stream.codec_context.extradata
        reader = HeaderReader(extradata)
        slices = [list(reader.slices(bytes(packet))) for packet in container.demux(stream) if packet.size]
    assert length_size(extradata) == (4 if path.suffix in ('.mp4', '.mkv') else 0)
    headers = [only for (only,) in slices]  # one slice a picture
    sps = headers[0].sps
    assert (sps.width - sps.crop[1], sps.height - sps.crop[3]) == (116, 84)
    assert sps.frame_mbs_only
    assert sps.max_reorder_frames
    shown, period = [], -1
    for header in headers:
        period += header.idr
        shown.append((period, header.poc_lsb if header.poc_lsb < 2 ** (sps.poc_lsb_bits - 1) else -1, header.kind))
    types = ['?IPB'[int(frame.pict_type)] for frame in plain_frames(path)]
    assert sorted(types) == sorted(kind for *_, kind in shown)
    if name != 'h264_open':  # there the count goes on
        assert [kind for *_, kind in sorted(shown)] == types


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


def test_damage_raises_value_error_and_nothing_else(clips):
    with av.open(str(clips('h264_raw'))) as container:
        stream = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        extradata = stream.codec_context.extradata
    rng = np.random.default_rng(0)
    sound = [full_sps(), extradata, *packets[:8]]
    refused = 0
    for _ in range(400):
        data = bytearray(sound[rng.integers(len(sound))][:80])
        for offset in rng.integers(4, len(data), 3):
            data[offset] = rng.integers(256)
        reader = HeaderReader(extradata)
        for parse in (parse_sps, parse_pps, lambda nal, known=reader: list(known.slices(nal))):
            try:
                parse(bytes(data[: rng.integers(len(data))]))
            except ValueError:
                refused += 1
    assert refused > 200


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
