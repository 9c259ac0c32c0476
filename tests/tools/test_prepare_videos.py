"""prepare_videos.py: restartable, shardable, never stopped by a broken video, and its lists can be read."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.sources import find_in_folder, find_in_list


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    """A short video's bytes."""
    path = tmp_path_factory.mktemp('clip') / 'clip.mp4'
    write_video(make_pan(displacement=(2, 1), num_frames=14, height=48, width=64).frames, path)
    return path.read_bytes()


def place(root, clip, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip)


@pytest.fixture
def command(repository):
    """Arguments -> how the script is started."""
    environment = {**os.environ, 'PYTHONPATH': str(repository)}

    def build(*arguments):
        script = str(repository / 'tools' / 'prepare_videos.py')
        words = [sys.executable, script, *map(str, arguments)]
        return {'args': words, 'env': environment, 'text': True, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}

    return build


def run(command, *arguments):
    finished = subprocess.run(**command(*arguments), timeout=120, check=False)
    return finished.returncode, finished.stdout


def test_a_folder_of_classes_with_broken_videos(command, clip, tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, 'walk/a.mp4', 'walk/b.avi', 'run fast/one 2.mp4', 'run fast/same.mp4', 'run fast/same.mkv')
    (src / 'walk' / 'garbage.mp4').write_bytes(b'no video' * 100)
    (src / 'walk' / 'empty.mkv').touch()
    (src / 'walk' / 'notes.txt').write_text('not a video')
    long = make_pan(displacement=(1, 0), num_frames=71, height=48, width=64).frames
    write_video(long, src / 'walk' / 'long.mp4')

    code, output = run(command, src, dst, '--workers', 2, '--profile', 'small')
    assert code == 0, output
    assert (dst / 'classes.txt').read_text() == 'run fast\nwalk\n'
    assert (dst / 'all.txt').read_text().splitlines() == [
        'run fast/one 2.mp4 0',
        'run fast/same.mkv.mp4 0',
        'run fast/same.mp4.mp4 0',
        'walk/a.mp4 1',
        'walk/b.mp4 1',
        'walk/long.mp4 1',
    ]
    report = json.loads((dst / 'report.json').read_text())
    assert report['ready'] == 6
    assert report['frames'] == 5 * 14 + 71
    assert {item['path']: item['stage'] for item in report['failed']} == {
        'walk/garbage.mp4': 'open',
        'walk/empty.mkv': 'open',
    }
    assert {item['path'] for item in report['short']} == {
        line.rpartition(' ')[0] for line in (dst / 'all.txt').read_text().splitlines()
    } - {'walk/long.mp4'}
    assert 'empty' in output
    assert '8/8 videos' in output
    with CompressedVideo(dst / 'walk' / 'long.mp4') as video:
        assert video.codec == 'mpeg4'
        assert video.keyframes.tolist() == list(range(0, 71, 12))
    assert not list(dst.rglob('*.part'))

    # Again: what is there stays as it is, what failed is tried again, and another profile is refused.
    before = {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')}
    place(src, clip, 'walk/garbage.mp4')
    (dst / 'walk' / 'garbage.mp4.77.part').touch()  # left by a process that was killed
    code, output = run(command, src, dst, '--workers', 1, '--profile', 'small')
    assert code == 0, output
    after = {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')}
    assert {path: stamp for path, stamp in after.items() if path in before} == before
    assert set(after) - set(before) == {dst / 'walk' / 'garbage.mp4'}
    assert not list(dst.rglob('*.part'))
    code, output = run(command, src, dst, '--profile', 'coviar')
    assert code == 1
    assert "'small'" in output
    assert len(list(dst.rglob('*.mp4'))) == len(after)


def test_shards_share_the_work_and_the_last_completes_the_list(command, clip, tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, *(f'{name}.mp4' for name in 'abcde'))
    assert run(command, src, dst, '--workers', 1, '--shard', '2/2')[0] == 0
    assert sorted(path.name for path in dst.glob('*.mp4')) == ['b.mp4', 'd.mp4']
    assert run(command, src, dst, '--workers', 1, '--shard', '1/2')[0] == 0
    assert (dst / 'all.txt').read_text() == 'a.mp4\nb.mp4\nc.mp4\nd.mp4\ne.mp4\n'  # flat: no labels
    assert not (dst / 'classes.txt').exists()
    assert {path.name for path in dst.glob('report*')} == {'report_all_1of2.json', 'report_all_2of2.json'}


def test_an_annotation_list(command, clip, tmp_path):
    root, dst = tmp_path / 'videos', tmp_path / 'dst'
    place(root, clip, 'x/a.avi', 'y/b b.avi', 'y/c.avi')
    place(tmp_path, clip, 'outside.mp4')
    (tmp_path / 'train.txt').write_text('y/b b.avi 7\nx/a.avi 3\n\nmissing.avi 1\n../outside.mp4 2\n')
    code, output = run(command, tmp_path / 'train.txt', dst, '--root', root, '--workers', 1)
    assert code == 0, output
    assert (dst / 'train.txt').read_text() == 'y/b b.mp4 7\nx/a.mp4 3\n'
    failed = json.loads((dst / 'report_train.json').read_text())['failed']
    assert [(item['path'], item['stage']) for item in failed] == [
        ('missing.avi', 'open'),
        ('../outside.mp4', 'name'),
    ]


def place_data_set(tmp_path, clip):
    """A small UCF101: its own lists, and the videos of all but one entry, one of them broken."""
    lists, src = tmp_path / 'lists', tmp_path / 'UCF-101'
    lists.mkdir()
    (lists / 'classInd.txt').write_text('1 Walk\n2 HandstandPushups\n')
    for number in (1, 2, 3):
        train = 'Walk/v_Walk_g01.avi 1\nHandstandPushups/v_HandStandPushups_g01.avi 2\nWalk/v_Walk_gone.avi 1\n'
        (lists / f'trainlist0{number}.txt').write_text(train)
        (lists / f'testlist0{number}.txt').write_text('Walk/v_Walk_broken.avi\nWalk/v_Walk_g02.avi\n')
    names = ('Walk/v_Walk_g01', 'Walk/v_Walk_g02', 'HandStandPushups/v_HandStandPushups_g01', 'Walk/new')
    place(src, clip, *(f'{name}.avi' for name in names))
    (src / 'Walk' / 'v_Walk_broken.avi').write_bytes(b'no video' * 100)
    return src, lists


def test_a_data_set_gets_the_lists_that_configs_read(command, clip, tmp_path):
    src, lists = place_data_set(tmp_path, clip)
    dst = tmp_path / 'data' / 'videos'
    options = ('--dataset', 'ucf101', '--lists', lists, '--own-lists', '--workers', 1, '--profile', 'small')
    code, output = run(command, src, dst, *options)
    assert code == 0, output
    expected = {
        'classes.txt': 'Walk\nHandstandPushups\n',
        **{
            f'train_split{n}.txt': 'Walk/v_Walk_g01.mp4 0\nHandStandPushups/v_HandStandPushups_g01.mp4 1\n'
            for n in (1, 2, 3)
        },
        **{f'test_split{n}.txt': 'Walk/v_Walk_g02.mp4 0\n' for n in (1, 2, 3)},
    }
    assert {path.name: path.read_text() for path in dst.parent.glob('*.txt')} == expected
    assert (dst / 'all.txt').read_text().split() == [  # no labels: those by folder would be others
        'HandStandPushups/v_HandStandPushups_g01.mp4',
        'Walk/new.mp4',
        'Walk/v_Walk_g01.mp4',
        'Walk/v_Walk_g02.mp4',
    ]
    assert not (dst / 'classes.txt').exists()
    report = json.loads((dst / 'report.json').read_text())
    assert report['missing'] == ['Walk/v_Walk_gone']
    assert report['unlisted'] == ['Walk/new.avi']
    assert [item['path'] for item in report['failed']] == ['Walk/v_Walk_broken.avi']
    assert len(report['short']) == 4
    assert report['lists'] == {'folder': str(lists), 'check': 'not checked: own lists'}
    assert report['written']['test_split3.txt'] == {'videos': 1, 'listed': 2}
    for line in ('missing: Walk/v_Walk_gone', 'failed: Walk/v_Walk_broken', 'short: Walk/new.mp4: 14 frames'):
        assert line in output

    # The originals are gone: the finished folder takes their place, and only its lists are written again.
    shutil.rmtree(src)
    before = {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')}
    for name in expected:
        (dst.parent / name).unlink()
    code, output = run(command, dst, dst, *options)
    assert code == 0, output
    assert {path.name: path.read_text() for path in dst.parent.glob('*.txt')} == expected
    assert {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')} == before


def test_wrong_lists_stop_the_run_before_it_prepares_and_a_shard_writes_none(command, clip, tmp_path):
    src, lists = place_data_set(tmp_path, clip)
    dst = tmp_path / 'data' / 'videos'
    options = ('--dataset', 'ucf101', '--lists', lists, '--workers', 1)
    code, output = run(command, src, dst, *options)
    assert code == 1
    assert '2 classes, expected 101' in output
    assert 'Traceback' not in output
    assert not dst.exists()
    code, output = run(command, src, dst, *options, '--own-lists', '--shard', '1/2')
    assert code == 0, output
    assert 'without --shard' in output
    assert not list(dst.parent.glob('*.txt'))


def test_nothing_ready_is_an_error(command, tmp_path):
    src = tmp_path / 'src'
    src.mkdir()
    (src / 'a.mp4').write_bytes(b'no video' * 100)
    code, output = run(command, src, tmp_path / 'dst', '--workers', 1)
    assert code == 1
    assert 'a.mp4: open' in output
    (src / 'a.mp4').unlink()
    assert run(command, src, tmp_path / 'dst', '--workers', 1)[0] == 1


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ('nowhere dst', 'no such folder'),
        ('src src/dst', 'lies in'),
        ('src src', 'lies in'),
        ('src dst --workers 0', 'at least 1'),
        ('src dst --shard 0/2', 'I/N'),
        ('src dst --shard 3/2', 'I/N'),
        ('src dst --root src', 'belongs to'),
        ('src dst --profile best', 'invalid choice'),
        ('src dst --dataset ucf101', 'go together'),
        ('src dst --lists src', 'go together'),
        ('src dst --own-lists', 'go together'),
        ('list.txt dst --dataset ucf101 --lists src', 'SRC is a list'),
        ('src src --dataset ucf101 --lists src', 'lies in'),
    ],
)
def test_arguments_that_make_no_sense(command, tmp_path, arguments, reason):
    (tmp_path / 'src').mkdir()
    (tmp_path / 'list.txt').touch()
    finished = subprocess.run(**command(*arguments.split()), cwd=tmp_path, check=False)
    code, output = finished.returncode, finished.stdout
    assert code == 2
    assert reason in output


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(command, tmp_path):
    src, dst, count = tmp_path / 'src', tmp_path / 'dst', 40  # some seconds of work, so that the signal comes in time
    frames = np.random.default_rng(0).integers(0, 255, (40, 240, 320, 3)).astype(np.uint8)
    for number in range(count):
        path = src / f'{number:02d}.mp4'
        path.parent.mkdir(exist_ok=True)
        if number == 0:
            write_video(frames, path)
        else:
            path.write_bytes((src / '00.mp4').read_bytes())
    process = subprocess.Popen(
        **command(src, dst, '--workers', 1),
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
    assert 'goes on from here' in output
    assert 'Traceback' not in output
    done = sorted(path.name for path in dst.glob('*.mp4'))
    assert 0 < len(done) < count
    assert (dst / 'all.txt').read_text().split() == done
    assert not list(dst.glob('*.part'))
    assert run(command, src, dst, '--workers', 2)[0] == 0
    assert len(list(dst.glob('*.mp4'))) == count


def test_a_video_that_kills_its_process_is_reported_and_the_rest_goes_on(repository, clip, tmp_path):
    """The script runs with a reencode that dies on one video, as a crash in the decoder would."""
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, *(f'{name}.mp4' for name in 'abcdef'))
    deadly = tmp_path / 'deadly.py'
    deadly.write_text(
        'import os, sys\n'
        f'sys.path.insert(0, {str(repository / "tools")!r})\n'
        'import cmvl_mm.video.prepare as module\n'
        'import prepare_videos\n'
        'original = module.reencode\n'
        'def reencode(src, dst, *, profile):\n'
        "    if src.name == 'c.mp4':\n"
        '        os._exit(139)\n'
        '    return original(src, dst, profile=profile)\n'
        'module.reencode = reencode\n'
        "if __name__ == '__main__':\n"
        '    sys.exit(prepare_videos.main(sys.argv[1:]))\n'
    )
    finished = subprocess.run(
        [sys.executable, str(deadly), str(src), str(dst), '--workers', '2'],
        env={**os.environ, 'PYTHONPATH': str(repository)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert (dst / 'all.txt').read_text().split() == [f'{name}.mp4' for name in 'abdef']
    (failure,) = json.loads((dst / 'report.json').read_text())['failed']
    assert failure['path'] == 'c.mp4'
    assert 'died' in failure['reason']


def test_names_that_do_not_fit_a_line_and_links_out_of_the_folder(clip, tmp_path):
    root = tmp_path / 'root'
    place(root, clip, 'good name.mp4', 'two\nlines.mp4', ' leading.mp4', 'tab\tbed.mp4', 'line\u2028end.mp4')
    (root / os.fsdecode(b'latin\xe9.mp4')).write_bytes(clip)
    place(tmp_path, clip, 'outside/secret.mp4')
    (root / 'link.mp4').symlink_to(tmp_path / 'outside' / 'secret.mp4')
    (root / 'folder').symlink_to(tmp_path / 'outside')
    (root / 'inner.mp4').symlink_to(root / 'good name.mp4')
    listing = find_in_folder(root)
    assert [source.target for source in listing.sources] == ['good name.mp4', 'inner.mp4']
    assert len(listing.refused) == 6
    reasons = dict(listing.refused)
    assert 'leads out' in reasons['link.mp4']
    assert 'one line' in reasons['latin\\udce9.mp4']
    json.dumps(listing.refused).encode()
    json.dumps(listing.refused, ensure_ascii=False).encode()


def test_classes_are_the_innermost_folders(clip, tmp_path):
    place(tmp_path, clip, 'train/run/a.mp4', 'test/run/b.mp4', 'train/jump/c.mp4')
    listing = find_in_folder(tmp_path)
    assert listing.classes == ('jump', 'run')
    assert {source.path: source.label for source in listing.sources} == {
        'train/run/a.mp4': 1,
        'test/run/b.mp4': 1,
        'train/jump/c.mp4': 0,
    }
    place(tmp_path, clip, 'loose.mp4')
    listing = find_in_folder(tmp_path)
    assert listing.classes == ()
    assert {source.label for source in listing.sources} == {None}


def test_targets_of_one_name_are_told_apart_by_the_folder_not_the_list(clip, tmp_path):
    place(tmp_path, clip, 'a.avi', 'a.mkv', 'a.avi.mp4', 'b.avi')
    listing = find_in_folder(tmp_path)
    assert {source.path: source.target for source in listing.sources} == {
        'a.avi': 'a.avi.mp4',
        'a.mkv': 'a.mkv.mp4',
        'b.avi': 'b.mp4',
    }
    assert [path for path, _ in listing.refused] == ['a.avi.mp4']
    (tmp_path / 'one.txt').write_text('a.mkv\n')
    assert [source.target for source in find_in_list(tmp_path / 'one.txt', tmp_path).sources] == ['a.mkv.mp4']
