"""prepare_videos.py when it is stopped, when its processes die, and when several runs share one folder."""

import json
import os
import platform
import signal
import subprocess
import time

import numpy as np
import pytest

from cmvl_mm.files import byte_locks
from cmvl_mm.prepare.locks import claim
from cmvl_mm.prepare.run import prepare
from cmvl_mm.prepare.source_list import Source
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video
from cmvl_mm.workflows.prepare_videos import check_profile


@pytest.fixture(scope='module')
def busy_source(place, tmp_path_factory):
    """A folder of 24 videos that are some seconds of work."""
    src = tmp_path_factory.mktemp('busy') / 'src'
    frames = np.random.default_rng(0).integers(0, 255, (20, 240, 320, 3)).astype(np.uint8)
    write_video(frames, src / '00.mp4')
    place(src, (src / '00.mp4').read_bytes(), *(f'{number:02d}.mp4' for number in range(1, 24)))
    return src


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(run, command, busy_source, tmp_path):
    dst = tmp_path / 'dst'
    process = subprocess.Popen(
        **command(busy_source, dst, '--workers', 1),
        start_new_session=True,
        # a shell that runs the tests in the background ignores the signal, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(dst.glob('*.mp4')) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert 'repeat the command to resume' in output
    assert 'Traceback' not in output
    done = sorted(path.name for path in dst.glob('*.mp4'))
    assert 0 < len(done) < 24
    assert (dst / 'all.txt').read_text().split() == done
    assert not list(dst.glob('*.part'))
    assert run(busy_source, dst, '--workers', 2)[0] == 0
    assert len(list(dst.glob('*.mp4'))) == 24


def test_two_runs_on_one_folder_share_the_videos(command, busy_source, tmp_path):
    dst = tmp_path / 'dst'
    runs = [subprocess.Popen(**command(busy_source, dst, '--workers', 2)) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in runs]
    assert [process.returncode for process in runs] == [0, 0], outputs
    for output in outputs:
        assert '24 ready, 0 failed' in output
    assert (dst / 'all.txt').read_text() == ''.join(f'{number:02d}.mp4\n' for number in range(24))
    for path in dst.glob('*.mp4'):
        with CompressedVideo(path) as video:
            assert video.frame_types == 'I' + 'P' * 11 + 'I' + 'P' * 7
    assert not list(dst.glob('*.part'))


def test_of_two_first_runs_with_two_profiles_one_is_refused(command, place, clip, tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, 'a.mp4')
    dst.mkdir()
    with claim(dst, 'profile.txt'):  # another run is just about to write it
        process = subprocess.Popen(**command(src, dst, '--profile', 'small'))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=3)
        (dst / 'profile.txt').write_text('paper\n')
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "'paper', not 'small'. Remedy: choose another folder" in output


def test_what_another_run_is_at_work_on_is_left_alone_and_waited_for(place, command, clip, tmp_path):
    dst = tmp_path / 'dst'
    place(tmp_path / 'src', clip, 'a.mp4', 'b.mp4')
    place(dst, b'unfinished', 'a.mp4.1.part', 'b.mp4.1.part')
    with claim(dst, 'a.mp4') as state:
        assert state == 'mine'
        process = subprocess.Popen(**command(tmp_path / 'src', dst, '--workers', 2))
        said = ''
        while 'Waiting for 1 videos that another run' not in said:
            said += process.stdout.readline()
        assert (dst / 'b.mp4').exists()  # first what is free
        assert [path.name for path in dst.glob('*.part')] == ['a.mp4.1.part']
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert (dst / 'all.txt').read_text() == 'a.mp4\nb.mp4\n'
    assert not list(dst.glob('*.part'))


def test_a_prepared_video_that_a_power_cut_emptied_is_made_again(place, clip, tmp_path):
    place(tmp_path / 'src', clip, 'a.mp4', 'b.mp4')
    place(tmp_path / 'dst', b'', 'a.mp4')
    place(tmp_path / 'dst', clip[:-500], 'b.mp4')
    for name in ('a.mp4', 'b.mp4'):
        outcome = prepare(tmp_path / 'src', tmp_path / 'dst', 'paper', 'vectors', Source(name, name, None))
        assert (outcome.num_frames, outcome.failure) == (14, None)
        with CompressedVideo(tmp_path / 'dst' / name) as video:
            video.verify()


def test_what_the_system_refuses_is_one_failure(place, clip, tmp_path):
    place(tmp_path / 'src', clip, 'a.mp4')
    (tmp_path / 'dst' / '.prepare.lock').mkdir(parents=True)
    outcome = prepare(tmp_path / 'src', tmp_path / 'dst', 'paper', 'vectors', Source('a.mp4', 'a.mp4', None))
    assert outcome.failure.stage == 'encode'
    assert 'IsADirectoryError' in outcome.failure.reason
    assert f'permissions of {tmp_path}/dst' in outcome.failure.remedy


FULL = """
import contextlib, pathlib, cmvl_mm.video.replacing as module
original = module.atomic_write
def atomic_write(path):
    return contextlib.nullcontext(pathlib.Path('/dev/full')) if path.endswith('c.mp4') else original(path)
module.atomic_write = atomic_write
"""


def test_a_full_disk_ends_the_run_with_one_error_and_the_same_command_completes_it(run, place, clip, tmp_path):
    """FFmpeg's own error, of a device that is always full; the videos behind it would fail, too."""
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, *(f'{name}.mp4' for name in 'abcdefgh'))
    code, output = run(src, dst, '--workers', 1, code=FULL)
    assert code == 1, output
    message = f'{dst}/c.mp4 cannot be written on {platform.node()}: No space left on device. Finished videos are kept.'
    assert output.count(message) == 1
    assert 'Remedy: free space' in output
    assert 'Traceback' not in output
    assert not {'c.mp4', 'h.mp4', 'report.json'} & {path.name for path in dst.iterdir()}
    assert run(src, dst, '--workers', 1)[0] == 0
    assert (dst / 'all.txt').read_text().split() == [f'{name}.mp4' for name in 'abcdefgh']


def test_without_locks_nothing_of_others_is_removed(place, clip, tmp_path, monkeypatch):
    place(tmp_path / 'dst', b'unfinished', 'a.mp4.1.part')
    place(tmp_path / 'src', clip, 'a.mp4')
    monkeypatch.setattr(byte_locks, 'fcntl', None)
    said = []
    check_profile(tmp_path / 'dst', 'paper', said.append)
    assert 'has no file locks' in said[0]
    outcome = prepare(tmp_path / 'src', tmp_path / 'dst', 'paper', 'vectors', Source('a.mp4', 'a.mp4', None))
    assert (outcome.num_frames, outcome.failure) == (14, None)
    assert (tmp_path / 'dst' / 'a.mp4.1.part').exists()


DEADLY = """
import os, cmvl_mm.prepare.run as module
original = module.reencode
def reencode(src, dst, *, profile):
    if src.name in ('c.mp4', 'g.mp4', 'l.mp4'):
        os._exit(139)
    return original(src, dst, profile=profile)
module.reencode = reencode
"""


def test_videos_that_kill_their_process_are_reported_and_no_other_is_lost(run, place, clip, tmp_path):
    """The script runs with a reencode that dies on three videos, as a crash in the decoder would."""
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, *(f'{name}.mp4' for name in 'abcdefghijkl'))
    code, output = run(src, dst, '--workers', 2, code=DEADLY)
    assert code == 0, output
    assert (dst / 'all.txt').read_text().split() == [f'{name}.mp4' for name in 'abdefhijk']
    failed = json.loads((dst / 'report.json').read_text())['failed']
    assert sorted(item['path'] for item in failed) == ['c.mp4', 'g.mp4', 'l.mp4']
    assert all('died' in item['reason'] for item in failed)
