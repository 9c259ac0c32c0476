"""Synthetic videos move as they say, and the controlled benchmark's labels cannot be read off the file names."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo, controlled
from cmvl_mm.video.controlled import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.video.controlled_set import write_controlled_set
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.synthetic import make_moving_object, make_pan, make_zoom


def test_a_pan_moves_every_pixel_by_the_displacement():
    pan = make_pan(displacement=(3, -2), num_frames=4, height=40, width=50)
    assert pan.frames.shape == (4, 40, 50, 3)
    assert pan.frames.dtype == np.uint8
    np.testing.assert_array_equal(pan.frames[1][:-2, 3:], pan.frames[0][2:, :-3])
    assert not pan.displacement[0].any()
    assert (pan.displacement[1:] == [3, -2]).all()
    assert pan.frames.std() > 30  # there is something to match


def test_half_pixel_pans_meet_after_two_frames():
    pan = make_pan(displacement=(0.5, 0), num_frames=3, height=40, width=50)
    np.testing.assert_array_equal(pan.frames[2][:, 1:], pan.frames[0][:, :-1])


def test_a_zoom_is_still_in_the_middle_and_points_outwards():
    zoom = make_zoom(rate=1.05, num_frames=3, height=41, width=61)
    np.testing.assert_array_equal(zoom.frames[2][20, 30], zoom.frames[0][20, 30])
    assert not zoom.displacement[1, 20, 30].any()
    assert zoom.displacement[1, 20, 60, 0] == pytest.approx(30 * (1 - 1 / 1.05))
    assert zoom.displacement[1, 0, 30, 1] < 0


def test_the_object_moves_and_the_background_does_not():
    video = make_moving_object(displacement=(4, 2), num_frames=6, height=96, width=96, size=32)
    moving = video.displacement[3].any(axis=-1)
    assert moving.sum() == 32 * 32
    rows, columns = np.nonzero(moving)
    np.testing.assert_array_equal(
        video.frames[3][rows, columns], video.frames[2][rows - 2, columns - 4]
    )  # where the content came from
    still = ~(moving | video.displacement[2].any(axis=-1))
    np.testing.assert_array_equal(video.frames[3][still], video.frames[2][still])


@pytest.mark.parametrize('displacement', [(20, 0), (-20, 0), (0, 20), (0, -20), (17, -30)])
def test_an_object_may_leave_the_picture(displacement):
    video = make_moving_object(displacement=displacement, num_frames=21, height=64, width=80, size=16)
    np.testing.assert_array_equal(video.frames[0], video.frames[20])  # it is out of sight at both ends
    assert not video.displacement[20].any()
    assert video.displacement[10].any(-1).sum() == 16 * 16


@pytest.mark.parametrize('make', [make_pan, make_zoom, make_moving_object])
def test_seeds(make):
    argument = {'rate': 1.02} if make is make_zoom else {'displacement': (2, 1)}
    one, same, other = (make(**argument, num_frames=2, seed=seed).frames for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.5


@pytest.mark.parametrize('make', [make_zoom, make_moving_object])
def test_the_codec_finds_the_true_motion(make, tmp_path):
    argument = {'rate': 1.03} if make is make_zoom else {'displacement': (4, 2)}
    video = make(**argument, num_frames=12)
    write_video(video.frames, tmp_path / 'video.mp4')
    with CompressedVideo(tmp_path / 'video.mp4', block=16) as stream:
        _, field = stream.read(motion=range(1, 12))
    truth = video.displacement[1:].reshape(11, 8, 16, 10, 16, 2).mean(axis=(2, 4))
    assert np.corrcoef(field.vectors.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.abs(field.vectors / 4 - truth).mean() < 0.3


def test_a_controlled_video_is_a_pure_function_of_its_arguments():
    frames, truth = make_controlled_video((0, 3), 'dots', 'cw')
    again, _ = make_controlled_video((0, 3), 'dots', 'cw')
    other, _ = make_controlled_video((0, 4), 'dots', 'cw')
    assert frames.shape == (108, 112, 128, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_array_equal(frames, again)
    assert (frames[0] != other[0]).mean() > 0.5
    assert (truth.context, truth.motion) == ('dots', 'cw')
    with pytest.raises(ValueError, match="'tartan'"):
        make_controlled_video(0, 'tartan', 'cw')


@pytest.mark.parametrize('context', CONTEXTS)
def test_every_context_has_contrast_and_dark_ground(context):
    """Discs must stand out: bright and neutral on a texture of saturated, darker colours."""
    frames, truth = make_controlled_video((5, 1), context, 'right')
    frame = frames[0].astype(float)
    y, x = np.mgrid[:112, :128]
    inside = np.zeros((112, 128), bool)
    for centre_x, centre_y in truth.centres[0]:
        inside |= np.hypot(x - centre_x, y - centre_y) < 12
    outside = ~inside & (np.abs(frame.max(-1) - 255) > 70)
    assert frame[outside].std() > 15
    if inside.any():
        assert frame[inside].mean() > frame[outside].mean() + 60


def disc_direction(motion, seed=0):
    _, truth = make_controlled_video((9, seed), 'grid', motion)
    return truth


def test_every_motion_follows_its_programme():
    for motion, axis, sign in (('right', 0, 1), ('left', 0, -1)):
        displacement = disc_direction(motion).displacement[1:]
        assert (sign * displacement[..., axis] > 1.9).all()
        assert (sign * displacement[..., axis] < 3.5).all()
        assert not displacement[..., 1 - axis].any()
    for motion, sign in (('cw', 1), ('ccw', -1)):
        displacement = disc_direction(motion).displacement[1:, 0].astype(float)
        turn = displacement[:-1, 0] * displacement[1:, 1] - displacement[:-1, 1] * displacement[1:, 0]
        assert (sign * turn > 0).all()  # y points down: a positive turn is clockwise
    for motion, axis in (('osc_x', 0), ('osc_y', 1)):
        displacement = disc_direction(motion).displacement[1:]
        assert displacement[..., axis].min() < -1
        assert displacement[..., axis].max() > 1
        assert not displacement[..., 1 - axis].any()
    stopgo = disc_direction('stopgo').displacement[1:]
    assert 0.3 < (stopgo[..., 1] == 0).mean() < 0.7
    assert stopgo[..., 1].max() > 3
    assert not stopgo[..., 0].any()
    zoom = disc_direction('zoom')
    assert not zoom.displacement.any()
    assert zoom.diameters.min() < 25
    assert zoom.diameters.max() > 50


def test_a_flock_moves_as_one():
    for motion in MOTIONS:
        displacement = disc_direction(motion).displacement
        np.testing.assert_allclose(displacement[:, 0], displacement[:, 1], atol=1e-3)


@pytest.mark.parametrize('motion', ['right', 'cw', 'osc_y', 'stopgo'])
def test_vectors_inside_the_discs_are_the_true_motion(motion, tmp_path):
    frames, truth = make_controlled_video((1, 2), 'bricks', motion)
    write_video(frames, tmp_path / 'video.mp4', quantiser=4)
    with CompressedVideo(tmp_path / 'video.mp4', block=16) as video:
        assert video.keyframes.tolist() == list(range(0, 108, 12))
        assert set(video.frame_types) == {'I', 'P'}
        _, field = video.read(motion=range(108))
    found, true = [], []
    block_y, block_x = np.mgrid[:7, :8] * 16 + 8
    for frame in range(108):
        for disc in range(3):
            x, y = truth.centres[frame, disc]
            inside = (np.hypot(block_x - x, block_y - y) < 9) & field.valid[frame]
            found.extend(field.vectors[frame][inside] / 4)
            true.extend([truth.displacement[frame, disc]] * int(inside.sum()))
    assert len(found) > 100
    error = np.linalg.norm(np.array(found) - np.array(true), axis=1)
    assert (error < 0.75).mean() > 0.95


def test_the_set_is_balanced_blind_to_names_and_restartable(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(controlled, 'NUM_FRAMES', 13)  # the length is of no matter here
    root = tmp_path / 'set'
    write_controlled_set(root, train_per_cell=2, val_per_cell=0, test_per_cell=0, seed=1, workers=1)
    lists = {kind: read_list(root, 'train', kind) for kind in ('context', 'motion', 'joint')}
    assert len(lists['joint']) == 128
    assert sorted(lists['joint'].values()) == [label for label in range(64) for _ in range(2)]
    for path, joint in lists['joint'].items():
        assert (root / path).is_file()
        assert joint == lists['context'][path] * 8 + lists['motion'][path]
        assert not any(word in path for word in (*CONTEXTS, *MOTIONS, 'train', 'test'))
    # In the order of their names, the factors are shuffled.
    order = [lists['joint'][path] for path in sorted(lists['joint'])]
    assert abs(np.corrcoef(order, np.arange(128))[0, 1]) < 0.3
    names = (root / 'annotations' / 'classes_joint.txt').read_text().split()
    assert names[9] == 'checker-left'

    kept = {path: (root / path).stat().st_mtime_ns for path in lists['joint']}
    victim = next(iter(kept))
    (root / victim).unlink()
    capsys.readouterr()
    write_controlled_set(root, train_per_cell=2, val_per_cell=0, test_per_cell=0, seed=1, workers=1)
    assert '128 videos, 1 to write' in capsys.readouterr().out
    changed = {path for path in kept if (root / path).stat().st_mtime_ns != kept[path]}
    assert changed == {victim}


def read_list(root, split, kind):
    lines = (root / 'annotations' / f'{split}_{kind}.txt').read_text().splitlines()
    return {path: int(label) for path, label in (line.split(' ') for line in lines)}


@pytest.mark.slow
def test_processes_write_what_one_process_writes(tmp_path, repository):
    """In a process of its own: workers must start wherever the caller keeps its main module."""
    write_controlled_set(tmp_path / 'one', train_per_cell=0, val_per_cell=0, test_per_cell=1, workers=1)
    code = (
        'from cmvl_mm.video.controlled_set import write_controlled_set\n'
        "if __name__ == '__main__':\n"
        f'    write_controlled_set({str(tmp_path / "two")!r}, train_per_cell=0, val_per_cell=0, test_per_cell=1,'
        ' workers=2)\n'
    )
    (tmp_path / 'main.py').write_text(code)
    environment = {**os.environ, 'PYTHONPATH': str(repository)}
    subprocess.run([sys.executable, str(tmp_path / 'main.py')], check=True, capture_output=True, env=environment)
    for path in read_list(tmp_path / 'one', 'test', 'joint'):
        assert (tmp_path / 'one' / path).read_bytes() == (tmp_path / 'two' / path).read_bytes()
    assert read_list(tmp_path / 'one', 'test', 'motion') == read_list(tmp_path / 'two', 'test', 'motion')
