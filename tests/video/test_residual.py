"""Residuals: prediction + residual is the decoded picture, bit for bit, by a prediction that FFmpeg has no part in."""

import numpy as np
import pytest
from mpeg4_decode import count_differences, decode_whole, packets_of_stream, predicted_frame
from mpeg4_writer import LONGEST, vectors_alone
from plain_decode import decode_plainly
from video_files import damage, encode_clip, remux, repacked

from cmvl_mm.bitstream.claims import NO_REFERENCE
from cmvl_mm.bitstream.mpeg4_headers import parse_layer
from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError, read_quantisers
from cmvl_mm.video.container import open_video
from cmvl_mm.video.encode import PROFILES, reencode, write_video
from cmvl_mm.video.held import padded_packet
from cmvl_mm.video.lone_residual import ResidualDecoder, planes_of
from cmvl_mm.video.residual import add_where
from cmvl_mm.video.residual_plan import plan_estimates
from cmvl_mm.video.residual_reader import ResidualReader, read_residuals


@pytest.fixture(scope='module')
def contrast(tmp_path_factory):
    """A prepared video, 116x84, of content that changes by more than 8 bits hold, and is sometimes not predicted."""
    rng = np.random.default_rng(0)
    frames = make_moving_object(displacement=(9, -5), num_frames=15, height=84, width=116, size=40).frames
    frames[4:8, 20:50, 30:60] = 255
    frames[6, 20:50, 30:60] = 0
    frames[9:, 40:80, 60:] = rng.integers(0, 256, (40, 56, 3), np.uint8)
    path = tmp_path_factory.mktemp('contrast') / 'contrast.mp4'
    write_video(frames, path, quantiser=1)
    return path


def test_the_prediction_is_what_ffmpeg_decodes_of_vectors_alone(tmp_path):
    """Of a stream without coefficients, decoding is prediction."""
    write_video(make_pan(displacement=(3, 1), num_frames=1, height=84, width=116).frames, tmp_path / 'intra.mp4')
    header, packets = packets_of_stream(tmp_path / 'intra.mp4')
    rng = np.random.default_rng(0)
    sources = rng.integers(-2 * LONGEST, 2 * LONGEST + 1, (6, 6, 8, 2))  # half pixels: many lie far outside
    roundings = [0, 1, 1, 0, 1, 0]
    packets += [vectors_alone(parse_layer(header), *pair) for pair in zip(sources, roundings, strict=True)]
    decoded = list(decode_whole(header, packets))
    for number, rounding in enumerate(roundings):
        predicted = predicted_frame(decoded[number], (-2 * sources[number]).astype(np.int16), rounding)
        for mine, theirs in zip(predicted, decoded[number + 1], strict=True):
            np.testing.assert_array_equal(mine, theirs)
    container, stream = open_video(str(tmp_path / 'intra.mp4'))
    with container:
        lone = ResidualDecoder(stream)
        for packet in packets[1:]:  # nothing is added: grey stays grey
            assert all((plane[:, : 116 >> (number > 0)] == 128).all() for number, plane in
                       enumerate(planes_of(lone.decode(padded_packet(packet)))))  # fmt: skip


@pytest.mark.parametrize('begins_grey', [True, False])
def test_prediction_and_residual_are_the_decoded_picture(contrast, monkeypatch, begins_grey):
    if not begins_grey:  # another FFmpeg may not start from grey
        monkeypatch.setattr(ResidualDecoder, '_is_grey', lambda self, packet: False)
    with CompressedVideo(contrast, block=16) as video:
        found = read_residuals(video, range(15))
    assert found.approximate is None
    assert count_differences(contrast, found) == 0
    y, predicted = found.y[1:12], found.predicted[1:12].repeat(16, axis=1).repeat(16, axis=2)[:, :84, :116]
    assert (y[predicted] > 127).any()
    assert (y[predicted] < -128).any()
    assert not predicted.all()
    assert not found.predicted[[0, 12]].any()
    found.u[3, 20, 30] += 1
    assert count_differences(contrast, found) == 1


def test_bytes_give_what_their_file_gives(contrast):
    with CompressedVideo(contrast, block=16) as video, CompressedVideo(contrast.read_bytes(), block=16) as same:
        np.testing.assert_array_equal(read_residuals(same, [3, 9]).y, read_residuals(video, [3, 9]).y)
        np.testing.assert_array_equal(read_quantisers(same, range(15)).values, read_quantisers(video, range(15)).values)


def test_any_order_and_8_bits(contrast):
    with CompressedVideo(contrast, block=16) as video:
        every = read_residuals(video, range(15))
        some = read_residuals(video, [9, 0, 5, 9])
        short = read_residuals(video, range(15), bits=8)
        assert read_residuals(video, []).y.shape == (0, 84, 116)
        with pytest.raises(FrameIndexError, match='frame 15'):
            read_residuals(video, [15])
        with pytest.raises(ValueError, match=r'bits is 4\. Give 8 or 16'):
            read_residuals(video, [1], bits=4)
    for name, edge in (('y', 16), ('u', 8), ('v', 8)):
        whole, part, small = (getattr(record, name) for record in (every, some, short))
        np.testing.assert_array_equal(part, whole[[9, 0, 5, 9]])
        _, height, width = whole.shape
        inside = every.predicted.repeat(edge, axis=1).repeat(edge, axis=2)[:, :height, :width]
        np.testing.assert_array_equal(small, np.clip(np.where(inside, whole, whole - 128), -128, 127))
    np.testing.assert_array_equal(some.motion.vectors, every.motion.vectors[[9, 0, 5, 9]])
    assert (every.y.dtype, short.y.dtype) == (np.int16, np.int8)


@pytest.mark.parametrize('share', [0.05, 0.5])
@pytest.mark.parametrize('size', [(48, 64), (37, 50), (9, 12)])
def test_cells_that_are_not_predicted_get_their_amount_up_to_the_edges(size, share):
    rng, block = np.random.default_rng(0), 16
    planes = rng.integers(-99, 99, (20, *size)).astype(np.int16)
    cells = rng.random((20, *(-(-edge // block) for edge in size))) < share
    expected = planes.copy()
    for number, y, x in np.ndindex(planes.shape):
        expected[number, y, x] += 128 * cells[number, y // block, x // block]
    add_where(planes, cells, 128, block)
    np.testing.assert_array_equal(planes, expected)


def test_a_still_scene_has_none_and_damage_is_an_error(tmp_path, contrast):
    still = np.repeat(make_pan(displacement=(0, 0), num_frames=1, height=84, width=116).frames, 6, axis=0)
    write_video(still, tmp_path / 'still.mp4')
    with CompressedVideo(tmp_path / 'still.mp4', block=16) as video:
        found = read_residuals(video, range(1, 6))
    assert found.predicted.all()  # skipped macroblocks: each is the same place of the frame before
    assert not found.y[1:].any()
    assert not found.u[1:].any()
    assert not found.v[1:].any()
    with CompressedVideo(damage(contrast, tmp_path / 'damaged.mp4', frame=5), block=16) as video:
        with pytest.raises(VideoError, match='frame 5, or one') as raised:
            read_residuals(video, [7, 5])
        assert raised.value.stage == 'decode'
        np.testing.assert_array_equal(read_residuals(video, [7]).y[0] != 0, found_at(contrast, 7) != 0)


def found_at(path, number):
    with CompressedVideo(path, block=16) as video:
        return read_residuals(video, [number]).y[0]


@pytest.mark.parametrize(('suffix', 'flags'), [('.avi', '+aic'), ('.ts', '+aic'), ('.m4v', '+aic'), ('.mp4', '+mv4')])
def test_what_ffmpeg_encoded_without_b_frames_is_exact_too(tmp_path, suffix, flags):
    height, width = (96, 112) if flags == '+mv4' else (84, 116)  # in whole macroblocks, the reader hides no vectors
    scene = make_moving_object(displacement=(9, -5), num_frames=15, height=height, width=width, size=40)
    options = {'g': '8', 'qmin': '2', 'qmax': '2', 'flags': flags, 'mbd': 'rd'}
    path = encode_clip(tmp_path / f'other{suffix}', scene.frames, 'mpeg4', options)
    with CompressedVideo(path, block=8) as video:
        assert not video.proven_regular
        found, quarters = read_residuals(video, range(15)), video.read(motion=range(15))[1]
        some = read_residuals(video, [9, 4])
        with ResidualReader(video) as reader:
            twice = [reader.read([9, 4]) for _ in range(2)]
    assert found.approximate is None
    assert count_differences(path, found, quarters.vectors if flags == '+mv4' else None) == 0
    for part in (some, *twice):
        np.testing.assert_array_equal(part.v, found.v[[9, 4]])


def test_other_streams_have_an_estimate_that_says_so(tmp_path, contrast):
    with CompressedVideo(contrast, block=16) as video:
        exact = read_residuals(video, [3, 12], bits=8)
        with ResidualReader(video, plan=plan_estimates(video._decoder, video._facts, video.block, 8)) as reader:
            estimate = reader.read([3, 12])
        assert np.abs(estimate.y[0].astype(int) - exact.y[0]).mean() < 0.05 * np.abs(exact.y[0].astype(int)).mean()
        np.testing.assert_array_equal(estimate.y[1], exact.y[1])  # an I-frame
    pan = make_pan(displacement=(3, -2), num_frames=12, height=84, width=116).frames
    plain = {'x264-params': 'keyint=12:bframes=0:scenecut=0:ref=1'}
    with CompressedVideo(encode_clip(tmp_path / 'plain.mp4', pan, 'libx264', plain)) as video:
        found = read_residuals(video, [5, 0, 5])
        assert 'bilinear' in found.approximate
        inside = found.predicted[0].repeat(8, axis=0).repeat(8, axis=1)[:84, :116]
        assert inside.mean() > 0.8
        assert np.abs(found.y[0][inside]).mean() < 4 < np.abs(pan[5].astype(int) - pan[4]).mean()
        assert found.y[1].min() >= 0  # not predicted: pixels
        np.testing.assert_array_equal(found.y[0], found.y[2])
    with CompressedVideo(tmp_path / 'plain.mp4', block=7) as video, pytest.raises(ValueError, match='block is 7'):
        read_residuals(video, [5])
    for codec, suffix in (('mpeg4', '.mp4'), ('mpeg2video', '.ts'), ('libx264', '.mkv')):
        of_x264 = {'x264-params': 'keyint=12:bframes=2:b-adapt=0:b-pyramid=none'}  # and three references
        options = of_x264 if suffix == '.mkv' else {'bf': '2', 'qmin': '2', 'qmax': '2', 'g': '12'}
        path = encode_clip(tmp_path / f'b{suffix}', pan, codec, options)
        with CompressedVideo(path, block=16) as video:
            assert video.frame_types[:7] == 'IBBPBBP'
            found = read_residuals(video, range(1, 7))
        assert 'bilinear' in found.approximate
        inside = found.predicted.repeat(16, axis=1).repeat(16, axis=2)[:, :84, :116]
        assert inside.mean(axis=(1, 2)).min() > 0.2
        assert [np.abs(y[here]).mean() < 6 for y, here in zip(found.y, inside, strict=True)] == [True] * 6
    encode_clip(tmp_path / '444.mp4', pan, 'libx264', plain, pixel_format='yuv444p')
    with CompressedVideo(tmp_path / '444.mp4') as video, pytest.raises(VideoError, match='these are yuv444p'):
        read_residuals(video, [5])
    encode_clip(tmp_path / 'vp8.webm', pan, 'libvpx', {})
    with CompressedVideo(tmp_path / 'vp8.webm') as video, pytest.raises(VideoError, match='no motion vectors of vp8'):
        read_residuals(video, [5])


def test_estimates_follow_the_reference_lists_of_h264_also_in_a_file_that_is_cut(clips, tmp_path, monkeypatch):
    """Five coded frames are not shown: what refers to one of them is not predicted, all else is as before."""
    cut = remux(clips('h264_b'), tmp_path / 'cut.mp4', lambda _, packet: [repacked(packet, later=-5, lead=5)])
    with CompressedVideo(clips('h264_b')) as video, CompressedVideo(cut) as shorter:
        assert video.frame_types[5:13] == 'BBBPBBPI'
        assert shorter.num_frames == 35
        whole, rest = read_residuals(video, range(5, 40)), read_residuals(shorter, range(35))
        assert whole.predicted[:3].any(axis=(1, 2)).all()
        lost = [number for number, reason in enumerate(rest.motion.missing) if reason == NO_REFERENCE]
        assert {0, 3} <= set(lost) <= set(range(7))
        for number in range(35):
            if number in lost:
                assert not rest.predicted[number].any()
                assert not rest.motion.vectors[number].any()
                np.testing.assert_array_equal(rest.y[number], luma(cut)[number])
            else:
                np.testing.assert_array_equal(rest.y[number], whole.y[number])
                np.testing.assert_array_equal(rest.predicted[number], whole.predicted[number])
        monkeypatch.setattr(video._facts, 'first_references', None)
        with pytest.raises(
            VideoError, match='the frames that the vectors of this h264 stream refer to are unknown'
        ) as raised:
            read_residuals(video, [5])
        assert raised.value.stage == 'motion'


def luma(path):
    return [planes_of(frame)[0][:84, :116] for frame in decode_plainly(path)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'profile'),
    [
        ('ucf101_clips/BaseballPitch', 'coviar'),
        ('codec_zoo/torchcodec_testsrc2_odd_height_and_width_vp9.mp4', 'small'),
        ('falls_small/fall/Subject2_14.mp4', 'small'),
    ],
)
def test_real_clips_as_prepared(shared, tmp_path, name, profile):
    """tests/video/residual_sweep.py does the same for a whole folder."""
    source = shared / 'data' / name
    source = next(source.iterdir()) if source.is_dir() else source
    reencode(source, tmp_path / 'clip.mp4', profile=PROFILES[profile])
    with CompressedVideo(tmp_path / 'clip.mp4', block=16) as video:
        found = read_residuals(video, range(video.num_frames))
    assert count_differences(tmp_path / 'clip.mp4', found) == 0
