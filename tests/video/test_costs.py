"""Packet sizes, frame types, quantisers and the energy of patches, each against what is known otherwise."""

import av
import numpy as np
import pytest
from video_files import damage, encode_clip

from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video import CompressedVideo, MotionField, VideoError
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.layout_reader import read_layout
from cmvl_mm.video.patch_energy import patch_energy
from cmvl_mm.video.quantiser_reader import read_quantisers
from cmvl_mm.video.quantisers import parse_quantisers
from cmvl_mm.video.residual import ResidualField
from cmvl_mm.video.residual_reader import read_residuals

FIXED = {'qmin': '5', 'qmax': '5', 'g': '6'}


def test_types_and_sizes_are_those_of_a_decode(variant):
    path, _ = variant
    with CompressedVideo(path) as video:
        layout = read_layout(video)
        assert layout.types == video.frame_types
        assert layout.gop_lengths.sum() + layout.keyframes[0] == video.num_frames
        np.testing.assert_array_equal(layout.keyframes, video.keyframes)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    known = layout.sizes[layout.sizes >= 0]
    stamps = [packet.pts for packet in packets]
    if None not in stamps and path.suffix in ('.mp4', '.mkv', '.webm'):
        in_display = [packet.size for packet in sorted(packets, key=lambda packet: packet.pts)]
        np.testing.assert_array_equal(layout.sizes, in_display)
    assert set(known.tolist()) <= {packet.size for packet in packets}


def test_regular_files_are_not_decoded_for_their_layout(clips, monkeypatch):
    for name in ('mpeg4', 'h264_b'):
        with CompressedVideo(clips(name)) as video:
            monkeypatch.setattr(type(video._decoder), 'pictures', lambda self: pytest.fail('it was decoded'))
            assert len(read_layout(video).types) == 40


@pytest.mark.parametrize(
    ('suffix', 'codec', 'options', 'expected'),
    [
        *[('.mp4', 'mpeg4', FIXED | {'bf': '2'}, 10), ('.mpg', 'mpeg1video', FIXED | {'bf': '2'}, 10)],
        *[('.mpg', 'mpeg2video', FIXED, 10), ('.avi', 'h263', FIXED, 10), ('.avi', 'flv1', FIXED, 10)],
        *[('.avi', 'msmpeg4v2', FIXED, 10), ('.avi', 'wmv2', FIXED, 10), ('.rm', 'rv10', FIXED, 10)],
        ('.mp4', 'libx264', {'qp': '23', 'x264-params': 'bframes=2:aq-mode=0:ipratio=1:pbratio=1:b-adapt=0'}, 23),
    ],
)
def test_quantisers_are_what_the_encoder_was_told(tmp_path, suffix, codec, options, expected):
    pan = make_pan(displacement=(3, -2), num_frames=9, height=144, width=176).frames
    with CompressedVideo(encode_clip(tmp_path / f'clip{suffix}', pan, codec, options)) as video:
        found = read_quantisers(video, [7, 0, 3, 7])
    assert found.values.shape == (4, 9, 11)
    assert found.valid.all()
    assert (found.values == expected).all()
    assert found.scale == ('H.264 QP' if expected == 23 else 'MPEG-2 quantiser scale')


def test_quantisers_of_prepared_files_and_where_there_are_none(tmp_path, clips):
    pan = make_pan(displacement=(3, -2), num_frames=20, height=84, width=116).frames
    write_video(pan, tmp_path / 'prepared.mp4', quantiser=3)
    with CompressedVideo(tmp_path / 'prepared.mp4') as video:
        found = read_quantisers(video, [15, 2])
    assert found.values.shape == (2, 6, 8)
    assert (found.values == 6).all()
    with CompressedVideo(damage(tmp_path / 'prepared.mp4', tmp_path / 'damaged.mp4', frame=5)) as video:
        assert read_quantisers(video, [6]).valid.all()
        with pytest.raises(VideoError, match='frame 5') as raised:
            read_quantisers(video, [5])
        assert raised.value.stage == 'decode'
    with CompressedVideo(clips('vp8')) as video, pytest.raises(VideoError, match='no quantisers for vp8, only for'):
        read_quantisers(video, [5])
    with pytest.raises(ValueError, match='an unknown layout'):
        parse_quantisers(b'\1' * 80, 16, 16)


@pytest.mark.parametrize(('patch', 'size'), [(16, None), (14, None), (14, (56, 70)), (5, (33, 47))])
def test_patch_energy_equals_a_mean_over_pixels(patch, size):
    """Patches whose edges lie between pixels are compared on a finer grid."""
    rng = np.random.default_rng(0)
    height, width, block = 40, 61, 8
    grid = 2, -(-height // block), -(-width // block)
    field = MotionField(rng.integers(-40, 40, (*grid, 2), np.int16), rng.random(grid) < 0.6, block)
    field.valid[1, :3] = False
    luma = rng.integers(-255, 256, (2, height, width), np.int16)
    chroma = np.zeros((2, height // 2, -(-width // 2)), np.int16)
    found = patch_energy(
        ResidualField(luma, chroma, chroma, field, None), height=height, width=width, patch=patch, size=size
    )
    seen_height, seen_width = size or (height, width)
    valid = field.valid.repeat(block, axis=1).repeat(block, axis=2)[:, :height, :width]
    squares = ((field.vectors / 4.0) ** 2).sum(-1).repeat(block, axis=1).repeat(block, axis=2)[:, :height, :width]
    # Each pixel of the resized picture cut into the pixels of the video, and the other way round.
    big = [array.repeat(seen_height, axis=1).repeat(seen_width, axis=2) for array in (valid, squares, luma)]
    tall, wide = patch * height, patch * width
    for number, row, column in np.ndindex(2, seen_height // patch, seen_width // patch):
        cut = number, slice(row * tall, (row + 1) * tall), slice(column * wide, (column + 1) * wide)
        inside, square, residual = (array[cut] for array in big)
        assert found.motion_valid[number, row, column] == found.residual_valid[number, row, column] == inside.any()
        if inside.any():
            np.testing.assert_allclose(found.motion[number, row, column], square[inside].mean(), rtol=1e-4)
            expected = (residual[inside].astype(float) ** 2).mean()
            np.testing.assert_allclose(found.residual[number, row, column], expected, rtol=1e-4)
    assert found.motion.shape == (2, seen_height // patch, seen_width // patch)
    assert found.motion_valid.any()
    assert not found.motion_valid.all() or patch > 5
    alone = patch_energy(field, height=height, width=width, patch=patch, size=size)
    np.testing.assert_array_equal(alone.motion, found.motion)
    assert alone.residual is alone.residual_valid is None


def test_energy_lies_where_something_moves(tmp_path):
    scene = make_moving_object(displacement=(4, 2), num_frames=9, height=128, width=160)
    write_video(scene.frames, tmp_path / 'object.mp4')
    with CompressedVideo(tmp_path / 'object.mp4', block=16) as video:
        residuals = read_residuals(video, [4])
    found = patch_energy(residuals, height=128, width=160, patch=14)
    moving = (scene.displacement[4] != 0).any(-1)[:126, :154].reshape(9, 14, 11, 14).mean(axis=(1, 3))
    energies, inside, outside = found.motion[0], moving > 0.9, moving == 0
    assert energies[inside & found.motion_valid[0]].mean() > 15  # 4^2 + 2^2
    assert np.median(energies[outside]) == 0
    assert np.median(found.residual[0][outside]) == 0 < found.residual[0].max()
    with pytest.raises(ValueError, match='no patch of 200 px fits'):
        patch_energy(residuals, height=128, width=160, patch=200)
    with pytest.raises(
        ValueError, match=r'160x64 px have \(4, 10\) cells of 16 px, .* give the height and width of the video'
    ):
        patch_energy(residuals, height=64, width=160, patch=14)
    with pytest.raises(ValueError, match=r'the residual is \(128, 160\) px, not \(120, 160\)'):
        patch_energy(residuals, height=120, width=160, patch=14)
