"""prepare_videos.py: restartable, shardable, never stopped by a broken video, and its lists can be read."""

import json
import platform
import shutil
import subprocess
import unicodedata

import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video


def test_a_folder_of_classes_with_broken_videos(run, place, clip, tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, 'walk/a.mp4', 'walk/b.avi', 'run fast/one 2.mp4', 'run fast/same.mp4', 'run fast/same.mkv')
    (src / 'walk' / 'garbage.mp4').write_bytes(b'no video' * 100)
    (src / 'walk' / 'empty.mkv').touch()
    (src / 'walk' / 'notes.txt').write_text('not a video')
    long = make_pan(displacement=(1, 0), num_frames=71, height=48, width=64).frames
    write_video(long, src / 'walk' / 'long.mp4')

    code, output = run(src, dst, '--workers', 2, '--profile', 'small')
    assert code == 0, output
    assert 'no labels' not in output
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
    for item in report['failed']:
        assert item['remedy'] == 'Check that the file is a complete video and plays'
        assert f'{item["path"]}: open: {item["reason"]}. {item["remedy"]}.' in output
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
    code, output = run(src, dst, '--workers', 1, '--profile', 'small')
    assert code == 0, output
    after = {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')}
    assert {path: stamp for path, stamp in after.items() if path in before} == before
    assert set(after) - set(before) == {dst / 'walk' / 'garbage.mp4'}
    assert not list(dst.rglob('*.part'))
    code, output = run(src, dst, '--profile', 'coviar')
    assert code == 1
    assert "'small'" in output
    assert len(list(dst.rglob('*.mp4'))) == len(after)


def test_shards_share_the_work_and_the_last_completes_the_list(run, place, clip, tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, clip, *(f'{name}.mp4' for name in 'abcde'))
    assert run(src, dst, '--workers', 1, '--shard', '2/2')[0] == 0
    assert sorted(path.name for path in dst.glob('*.mp4')) == ['b.mp4', 'd.mp4']
    assert run(src, dst, '--workers', 1, '--shard', '1/2')[0] == 0
    assert (dst / 'all.txt').read_text() == 'a.mp4\nb.mp4\nc.mp4\nd.mp4\ne.mp4\n'  # flat: no labels
    assert not (dst / 'classes.txt').exists()
    assert {path.name for path in dst.glob('report*')} == {'report_all_1of2.json', 'report_all_2of2.json'}


def test_an_annotation_list(run, place, clip, tmp_path):
    root, dst = tmp_path / 'videos', tmp_path / 'dst'
    place(root, clip, 'x/a.avi', 'y/b b.avi', 'y/c.avi')
    place(tmp_path, clip, 'outside.mp4')
    (tmp_path / 'train.txt').write_text('y/b b.avi 7\nx/a.avi 3\n\nmissing.avi 1\n../outside.mp4 2\n')
    code, output = run(tmp_path / 'train.txt', dst, '--root', root, '--workers', 1)
    assert code == 0, output
    assert (dst / 'train.txt').read_text() == 'y/b b.mp4 7\nx/a.mp4 3\n'
    failed = json.loads((dst / 'report_train.json').read_text())['failed']
    assert [(item['path'], item['stage']) for item in failed] == [
        ('missing.avi', 'open'),
        ('../outside.mp4', 'name'),
    ]


def place_data_set(tmp_path, clip, place):
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


def test_a_data_set_gets_the_lists_that_configs_read(run, place, clip, tmp_path):
    src, lists = place_data_set(tmp_path, clip, place)
    dst = tmp_path / 'data' / 'videos'
    options = ('--dataset', 'ucf101', '--lists', lists, '--own-lists', '--workers', 1, '--profile', 'small')
    code, output = run(src, dst, *options)
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
    short = 'a clip of 16 frames at stride 4 spans 61; a gap of 2 and 8 frames of motion follow'
    for line in ('missing: Walk/v_Walk_gone', 'failed: Walk/v_Walk_broken', 'short: Walk/new.mp4: 14 frames', short):
        assert line in output

    # The originals are gone: the finished folder takes their place, and only its lists are written again.
    shutil.rmtree(src)
    before = {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')}
    for name in expected:
        (dst.parent / name).unlink()
    code, output = run(dst, dst, *options)
    assert code == 0, output
    assert {path.name: path.read_text() for path in dst.parent.glob('*.txt')} == expected
    assert {path: path.stat().st_mtime_ns for path in dst.rglob('*.mp4')} == before


def test_wrong_lists_stop_the_run_before_it_prepares_and_a_shard_writes_none(run, place, clip, tmp_path):
    src, lists = place_data_set(tmp_path, clip, place)
    dst = tmp_path / 'data' / 'videos'
    options = ('--dataset', 'ucf101', '--lists', lists, '--workers', 1)
    code, output = run(src, dst, *options)
    assert code == 1
    assert '2 classes, expected 101' in output
    assert 'Traceback' not in output
    assert not dst.exists()
    code, output = run(src, dst, *options, '--own-lists', '--shard', '1/2')
    assert code == 0, output
    assert 'without --shard' in output
    assert not list(dst.parent.glob('*.txt'))


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ('nowhere dst', 'no such folder'),
        ('src src/dst', 'lies inside'),
        ('src src', 'lies inside'),
        ('src dst --workers 0', 'at least 1'),
        ('src dst --shard 0/2', 'I/N'),
        ('src dst --shard 3/2', 'I/N'),
        ('src dst --root src', 'needs an annotation list'),
        ('src dst --profile best', "'best' is not one of"),
        ('src dst --dataset ucf101', 'dataset needs lists'),
        ('src dst --lists src', 'lists needs dataset'),
        ('src dst --own-lists', 'own_lists needs both'),
        ('list.txt dst --dataset ucf101 --lists src', 'list.txt is a list'),
        ('src src --dataset ucf101 --lists src', 'lies inside'),
    ],
)
def test_arguments_that_make_no_sense(command, tmp_path, arguments, reason):
    (tmp_path / 'src').mkdir()
    (tmp_path / 'list.txt').touch()
    finished = subprocess.run(**command(*arguments.split()), cwd=tmp_path, check=False)
    code, output = finished.returncode, finished.stdout
    assert code == 2
    assert reason in output


def test_a_loose_video_that_takes_all_labels_is_said(run, place, clip, tmp_path):
    place(tmp_path / 'src', clip, 'walk/a.mp4', 'run/b.mp4', 'preview.gif')
    code, output = run(tmp_path / 'src', tmp_path / 'dst', '--workers', 1)
    assert code == 0
    assert 'no labels: 1 videos are not in a class folder, such as preview.gif' in output
    assert not (tmp_path / 'dst' / 'classes.txt').exists()


def test_where_nothing_can_be_done_the_reason_is_said(run, place, clip, tmp_path):
    """No video but a broken one; none at all; a folder that cannot be written; a full disk."""
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    place(src, b'no video' * 100, 'a.mp4')
    code, output = run(src, dst, '--workers', 1)
    assert code == 1
    assert 'a.mp4: open' in output
    (src / 'a.mp4').unlink()
    place(src, b'', 'a.jpg', 'b.jpg', 'notes.txt')
    code, output = run(src, dst)
    assert code == 1
    assert 'ignored: 2 .jpg, 1 .txt;' in output
    assert 'no videos in' in output
    report = json.loads((dst / 'report.json').read_text())
    assert report['not_taken']['.jpg'] == {'files': 2, 'such_as': ['a.jpg', 'b.jpg']}
    place(src, clip, 'a.mp4')
    place(tmp_path, b'a file', 'taken')
    code, output = run(src, tmp_path / 'taken')
    assert code == 1
    assert 'cannot be written' in output
    assert 'Traceback' not in output
    limited = 'import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))'  # bytes
    code, output = run(src, tmp_path / 'full', '--workers', 1, code=limited)
    assert code == 1
    assert f'{tmp_path / "full"} cannot be written on {platform.node()}: [Errno 27] File too large: ' in output
    assert 'report.json' in output
    assert 'Traceback' not in output
    assert not list((tmp_path / 'full').rglob('*.part'))
    assert run(src, tmp_path / 'full', '--workers', 1)[0] == 0


def test_odd_names_from_folder_to_list_on_a_terminal_that_cannot_show_them(run, place, command, clip, tmp_path):
    """Both spellings of one letter are two files; each list is read back and prepared again from."""
    names = ['at 3.04\u202fPM.mp4', '\u3000lead.mp4', 'x\u200dy.mp4', '\u202amark\u202c.mp4']
    names += [unicodedata.normalize(form, 'é.mp4') for form in ('NFC', 'NFD')]
    place(tmp_path / 'src', clip, *names)
    words = command(tmp_path / 'src', tmp_path / 'dst', '--workers', 1)
    words['env']['PYTHONIOENCODING'] = 'ascii'
    finished = subprocess.run(**words, timeout=120, check=False)
    assert finished.returncode == 0, finished.stdout
    assert '\\u202fPM.mp4: 14 frames' in finished.stdout
    assert sorted(entry.path for entry in read_list(tmp_path / 'dst' / 'all.txt', 'optional')) == sorted(names)
    assert {path.name for path in (tmp_path / 'dst').glob('*.mp4')} == set(names)
    code, output = run(tmp_path / 'dst' / 'all.txt', tmp_path / 'again', '--workers', 1)
    assert code == 0, output
    assert (tmp_path / 'again' / 'all.txt').read_bytes() == (tmp_path / 'dst' / 'all.txt').read_bytes()
