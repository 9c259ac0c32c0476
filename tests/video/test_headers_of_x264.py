"""Headers of H.264 that x264 writes, and nothing but ValueError where their bytes are damaged."""

import av
import numpy as np
import pytest
from h264_writer import full_sps
from plain_decode import decode_plainly

from cmvl_mm.bitstream.h264_headers import parse_pps, parse_sps
from cmvl_mm.bitstream.h264_nal import length_size
from cmvl_mm.bitstream.h264_slices import HeaderReader


@pytest.mark.parametrize('name', ['h264_b', 'h264_open', 'h264_raw', 'h264_b_ts', 'h264_b_mkv'])
def test_headers_of_x264_tell_kinds_and_order(clips, name):
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
    types = ['?IPB'[int(frame.pict_type)] for frame in decode_plainly(path)]
    assert sorted(types) == sorted(kind for *_, kind in shown)
    if name != 'h264_open':  # there the count continues
        assert [kind for *_, kind in sorted(shown)] == types


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
