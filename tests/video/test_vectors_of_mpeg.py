"""Vectors of MPEG-1, MPEG-2 and MPEG-4 where FFmpeg gives none or wrong ones: B-frames, the last frame, fields."""

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from h264_writer import BitWriter
from plain_decode import decode_plainly, read_b_frames
from video_files import encode_clip, fields_interleaved, packets_of

from cmvl_mm.bitstream import mpeg2_headers
from cmvl_mm.bitstream.claims import FIELDS
from cmvl_mm.bitstream.mpeg4_b_vop import b_vectors
from cmvl_mm.bitstream.mpeg4_headers import parse_layer
from cmvl_mm.bitstream.mpeg4_vops import B_VOP
from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.container import open_video
from cmvl_mm.video.lone_residual import planes_of
from cmvl_mm.video.macroblocks import DEBUG, kinds_of, listening_decode, parse_table
from cmvl_mm.video.prediction import luma_sources, predict

FINE = {'qmin': '2', 'qmax': '2', 'b': '100000000', 'g': '30'}


@pytest.fixture
def pan():
    """Frames that move by (3, -2) px each."""
    return make_pan(displacement=(3, -2), num_frames=37, height=96, width=160).frames


@pytest.mark.parametrize('flags', ['+aic', '+mv4', '+qpel', '+mv4+qpel'])
def test_b_frames_have_vectors_where_ffmpeg_says_that_they_are_predicted(tmp_path, pan, flags):
    """FFmpeg's table of macroblocks: > forward, < backward, X both, D and d direct, S skipped."""
    options = FINE | {'bf': '2', 'flags': flags, 'mbd': 'rd'}
    path = encode_clip(tmp_path / 'b.mp4', pan, 'mpeg4', options)
    frames, compared = read_b_frames(path), 0
    container, stream = open_video(str(path))
    stream.codec_context.options |= DEBUG
    av.logging.set_level(av.logging.DEBUG)
    with container, av.logging.Capture() as log:
        kinds = [int(frame.pict_type) for frame in container.decode(stream)]
    av.logging.set_level(None)
    tables = ''.join(message for _, _, message in log).split('New frame, type:')[1:]
    for number, table in enumerate(tables):  # the last frame has none
        if kinds[number] != PictureType.B:
            continue
        cells = [line.lstrip().partition(' ')[2][::3] for line in table.split('\n')[2:8]]
        for to_future, have_one in ((False, '>XDdS'), (True, '<XDd')):
            records = frames.records(number, to_future=to_future)
            found = np.zeros((6, 10), bool)
            found[records['dst_y'] // 16, records['dst_x'] // 16] = True
            np.testing.assert_array_equal(found, [[cell in have_one for cell in row] for row in cells])
        compared += 1
    assert compared > 15


@pytest.mark.parametrize('flags', ['+aic', '+mv4'])
def test_vectors_to_past_and_future_predict_b_frames_bit_for_bit(tmp_path, flags):
    """Coarsely quantised, most blocks add nothing to their prediction (7.6.9): it is what FFmpeg decodes."""
    scene = make_moving_object(displacement=(5, -3), num_frames=25, height=96, width=160, size=48).frames
    options = {'qmin': '31', 'qmax': '31', 'g': '30', 'bf': '2', 'flags': flags, 'mbd': 'rd'}
    path = encode_clip(tmp_path / 'b.mp4', scene, 'mpeg4', options)
    with CompressedVideo(path, block=8) as video:
        types = video.frame_types
        fields = video.read(motion=range(25), directions='both')
        assert [fields.future.missing[number] is None for number in range(24)] == [kind == 'B' for kind in types[:24]]
    pictures = [planes_of(frame)[0][:96, :160] for frame in decode_plainly(path, '+bitexact')]
    exact, count = np.zeros(3, int), np.zeros(3, int)
    for number in range(24):
        if types[number] != 'B':
            continue
        before, after = types.rindex('P', 0, number) if 'P' in types[:number] else 0, types.index('P', number)
        sides = [
            predict(pictures[reference], luma_sources(field.vectors[number]), 8)
            for reference, field in ((before, fields.motion), (after, fields.future))
        ]
        both = (sides[0].astype(int) + sides[1] + 1) >> 1
        past, future = fields.motion.valid[number], fields.future.valid[number]
        for kind, (cells, predicted) in enumerate(
            ((past & ~future, sides[0]), (future & ~past, sides[1]), (past & future, both))
        ):
            same = (predicted == pictures[number]).reshape(12, 8, 20, 8).all(axis=(1, 3))
            exact[kind] += same[cells].sum()
            count[kind] += cells.sum()
    assert count.min() > 20
    assert (exact / count > 0.8).all(), (exact, count)


def test_bits_that_do_not_end_with_the_frame_are_no_frame(tmp_path, pan):
    frames = read_b_frames(encode_clip(tmp_path / 'b.mp4', pan, 'mpeg4', FINE | {'bf': '2'}))
    layer = frames._layer
    bits = next(vop.data for vop in frames._vops if vop.kind == B_VOP)[4:]
    skipped, colocated = np.zeros((6, 10), bool), np.zeros((12, 20, 2), np.int32)
    assert b_vectors(layer, bits, skipped, colocated, (1, 3))[0].valid.any()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(bits)
        damaged[rng.integers(4, len(bits))] ^= 1 << rng.integers(8)
        try:
            b_vectors(layer, bytes(damaged), skipped, colocated, (1, 3))
        except ValueError:
            refused += 1
    assert refused > 40
    for wrong in (bits[:-3], bits + b'\x55', bits[:1], b''):
        with pytest.raises(ValueError, match=r'end|code|type|B-frame|marker'):
            b_vectors(layer, wrong, skipped, colocated, (1, 3))


def test_b_frames_that_cannot_be_read_or_kept_are_invalid_with_the_reason(tmp_path, pan, monkeypatch):
    path = encode_clip(tmp_path / 'b.mp4', pan, 'mpeg4', FINE | {'bf': '2'})
    monkeypatch.setattr('cmvl_mm.bitstream.mpeg4_b_bits.COEFFICIENTS', [(0, 0)] * 4096)
    with CompressedVideo(path) as video:
        field = video.read(motion=[1, 3]).motion
    assert not field.valid[0].any()
    assert 'a coefficient has an invalid code' in field.missing[0]
    assert field.missing[1] is None
    path = encode_clip(tmp_path / 'b.mp4', pan, 'mpeg4', FINE | {'bf': '2'})
    monkeypatch.setattr('cmvl_mm.video.mpeg4_b_frames._MOST_BYTES', 1 << 10)
    with CompressedVideo(path) as video:
        field = video.read(motion=[1, 2, 3]).motion
    assert ['larger than' in (reason or '') for reason in field.missing] == [True, True, False]


@pytest.mark.parametrize(
    ('suffix', 'codec', 'b'),
    [
        *[('.ts', 'mpeg2video', 0), ('.ts', 'mpeg2video', 2), ('.m2v', 'mpeg2video', 0), ('.mpg', 'mpeg1video', 0)],
        *[('.mpg', 'mpeg1video', 2), ('.mp4', 'mpeg4', 2), ('.avi', 'mpeg4', 2)],
    ],
)
def test_the_last_frame_is_what_it_is_in_a_longer_video(tmp_path, pan, suffix, codec, b):
    options = FINE | {'bf': str(b)}
    with (
        CompressedVideo(encode_clip(tmp_path / f'short{suffix}', pan[:25], codec, options)) as short,
        CompressedVideo(encode_clip(tmp_path / f'long{suffix}', pan, codec, options)) as long,
    ):
        assert short.num_frames == 25
        assert short.frame_types == long.frame_types[:25]
        for wanted in ([24], range(25), [23, 24]):
            mine, theirs = short.read(rgb=wanted, motion=wanted), long.read(rgb=wanted, motion=wanted)
            np.testing.assert_array_equal(mine[0], theirs[0])
            np.testing.assert_array_equal(mine[1].vectors, theirs[1].vectors)
            assert mine[1].valid[-1].mean() > 0.8
            assert mine[1].missing == theirs[1].missing


def gmc_picture(tick, motion, macroblocks):
    """An S-VOP of which nothing is coded but the motion of the whole, half pixels of one digit each."""
    codes = {2: '011', 3: '100'}
    bits = BitWriter().u((2, 3), (1, 0), (1, 1), (5, tick), (1, 1), (1, 1), (1, 0), (3, 0))
    for part in motion:
        length = abs(part).bit_length()
        bits.bits += codes[length] + f'{part if part > 0 else part + 2**length - 1:0{length}b}' + '1'
    bits = bits.u((5, 2), (3, 1)).bits + '1' * macroblocks + '0'
    bits += '1' * (-len(bits) % 8)
    return b'\0\0\1\xb6' + int(bits, 2).to_bytes(len(bits) // 8)


def test_global_motion_is_no_vector(tmp_path, pan):
    """What FFmpeg exports is half a pixel off: the mean, rounded."""
    (intra,) = packets_of(encode_clip(tmp_path / 'intra.mp4', pan[:1], 'mpeg4', FINE))
    layer = BitWriter().u((1, 0), (8, 17), (1, 1), (4, 5), (3, 1), (4, 1), (1, 0), (2, 0), (1, 1), (16, 25), (1, 1))
    layer.u((1, 0), (1, 1), (13, 160), (1, 1), (13, 96), (1, 1), (1, 0), (1, 1), (2, 2), (6, 1), (2, 0), (4, 0))
    bits = layer.u((2, 3), (4, 0)).bits + '0'
    bits += '1' * (-len(bits) % 8)
    header = b'\0\0\1\0\0\0\1\x20' + int(bits, 2).to_bytes(len(bits) // 8)  # of the object, and of its layer
    assert parse_layer(header)[:5] == (25, 160, 96, False, 2)
    pictures = [gmc_picture(tick, (-6, 4), 60) for tick in (1, 2, 3)]
    path = tmp_path / 'gmc.m4v'
    path.write_bytes(header + intra[intra.index(b'\0\0\1\xb6') :] + b''.join(pictures))
    with CompressedVideo(path) as video:
        n = video.num_frames
        rgb, field = video.read(rgb=range(n), motion=range(n))
    assert n >= 3
    after, before = rgb[2].astype(int), rgb[1].astype(int)
    assert np.abs(after[8:-8, 8:-8] - before[10:-6, 5:-11]).mean() < 5 < np.abs(after - before).mean() / 2
    assert not field.valid.any()
    assert all('move as a whole' in reason for reason in field.missing[1:])


def test_a_frame_of_fields_alone_is_invalid_with_a_reason(tmp_path):
    """Fields that move by 4 lines, a frame by 8: no macroblock of MPEG-4 is predicted from frames."""
    frames = fields_interleaved(make_pan(displacement=(2, 5), num_frames=16, height=96, width=160).frames)
    path = encode_clip(tmp_path / 'fields.mp4', frames, 'mpeg4', FINE | {'flags': '+ilme+ildct'})
    with CompressedVideo(path) as video:
        field = video.read(motion=range(8)).motion
    assert all((reason is None) == valid.any() for reason, valid in zip(field.missing, field.valid, strict=True))
    assert field.valid[1:].mean() < 0.5


def test_pictures_of_two_fields_are_told_by_their_headers(tmp_path, pan):
    path = encode_clip(tmp_path / 'p.ts', pan, 'mpeg2video', FINE | {'bf': '2', 'flags': '+ilme+ildct'})
    packets = packets_of(path)
    with av.open(str(path)) as container:
        assert not mpeg2_headers.is_progressive(container.streams.video[0].codec_context.extradata)
    claims = mpeg2_headers.read_claims(packets)
    assert all(claim.interlaced and claim.missing is None for claim in claims.in_stream)
    assert sorted(claims.by_display) == list(range(37))
    at = packets[3].index(b'\0\0\1\xb5')
    field = bytearray(packets[3])
    field[at + 6] = field[at + 6] & ~3 | 1  # picture_structure: top field
    claims = mpeg2_headers.read_claims([*packets[:3], bytes(field)])
    assert [claim.missing for claim in claims.in_stream] == [None, None, None, FIELDS]
    assert claims.by_display is None


def test_a_table_of_macroblocks_is_read_whole_or_not_at_all():
    rows = ['  0 >  >+=S =\n', ' 16 i  S  X- \n']
    kinds = parse_table([*rows, 'another message\n'], 3)
    assert kinds.field.tolist() == [[False, True, True], [False, False, False]]
    assert kinds.skipped.tolist() == [[False, False, True], [False, True, False]]
    assert parse_table([], 3) is None
    assert parse_table([rows[0], rows[1][:-4]], 3) is None
    assert parse_table(rows, 4) is None


def test_the_log_level_is_as_before_and_nothing_is_left_in_the_log(tmp_path, pan):
    path = encode_clip(tmp_path / 'p.ts', pan[:4], 'mpeg2video', FINE | {'flags': '+ilme'})
    container, stream = open_video(str(path))
    before = av.logging.get_level()
    decode = listening_decode(stream.codec_context)
    frames = [frame for packet in container.demux(stream) for frame in decode(packet if packet.size else None)]
    assert av.logging.get_level() == before
    assert [kinds_of(frame).field.shape for frame in frames[:-1]] == [(6, 10)] * 3
    assert kinds_of(frames[-1]) is None  # flushed out
    container.close()
