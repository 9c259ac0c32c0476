"""The benchmark as a folder: balanced, complete, restartable, and silent about labels but in its lists."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cmvl_mm.controlled import basic
from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS
from cmvl_mm.controlled.levels import LEVELS
from cmvl_mm.controlled.truth import load_truth
from cmvl_mm.controlled.video_set import write_controlled_set
from cmvl_mm.video import CompressedVideo

COUNTS = dict(train_per_cell=2, val_per_cell=1, test_per_cell=1, seed=0, workers=1)
SPLITS = ('train', 'val', 'test')


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """Level basic with short videos: their length is of no matter here."""
    root = tmp_path_factory.mktemp('basic')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basic, 'NUM_FRAMES', 13)
        write_controlled_set(root, **COUNTS)
    return root


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(basic, 'NUM_FRAMES', 13)


def read_list(root, split, kind):
    lines = (root / 'annotations' / f'{split}_{kind}.txt').read_text().splitlines()
    return {path: int(label) for path, label in (line.split(' ') for line in lines)}


def everything(root):
    return {path.relative_to(root): path.stat().st_mtime_ns for path in root.rglob('*') if path.is_file()}


def test_classes_are_balanced_in_every_split(written):
    for split, count in zip(SPLITS, (2, 1, 1), strict=True):
        lists = {kind: read_list(written, split, kind) for kind in ('context', 'motion', 'joint')}
        assert sorted(lists['joint'].values()) == sorted(list(range(64)) * count)
        for path, joint in lists['joint'].items():
            assert joint == lists['context'][path] * 8 + lists['motion'][path]
    assert (written / 'annotations' / 'classes_joint.txt').read_text().split()[9] == 'checker-left'


def test_the_truth_lies_beside_each_video_and_splits_share_no_video_and_no_seed(written):
    lists = {split: read_list(written, split, 'joint') for split in SPLITS}
    assert len({path for found in lists.values() for path in found}) == 256
    firsts = [set() for _ in range(64)]
    for path, joint in ((path, joint) for found in lists.values() for path, joint in found.items()):
        truth = load_truth((written / path.replace('videos', 'truth')).with_suffix('.npz'))
        assert (truth.context, truth.motion) == (CONTEXTS[joint // 8], MOTIONS[joint % 8])
        firsts[joint].add(tuple(truth.centres[0, 0].tolist()))
    assert [len(places) for places in firsts] == [4] * 64


def test_names_are_those_of_published_results(written):
    assert read_list(written, 'train', 'joint')['videos/a516a5f9d465.mp4'] == 0
    assert read_list(written, 'test', 'joint')['videos/9732cf43e1e7.mp4'] == 6


def nearest_mean_accuracy(features, labels, split):
    """Share of test videos whose class has the nearest mean; of classes equally near, each has its chance."""
    train = split == 'train'
    spread = features[train].std(axis=0)
    features = features / np.where(spread > 0, spread, 1)
    classes = np.unique(labels)
    means = np.stack([features[train & (labels == label)].mean(axis=0) for label in classes])
    distance = np.linalg.norm(features[~train][:, None] - means, axis=-1)
    nearest = np.isclose(distance, distance.min(axis=1, keepdims=True))
    right = nearest & (labels[~train][:, None] == classes)
    return (right.sum(axis=1) / nearest.sum(axis=1)).mean()


@pytest.mark.parametrize('kind', ['context', 'motion'])
def test_neither_factor_can_be_read_from_name_length_or_size(written, kind):
    rows = {split: read_list(written, split, kind) for split in SPLITS}
    split = np.array([split for split, found in rows.items() for _ in found])
    paths = [path for found in rows.values() for path in found]
    labels = np.array([label for found in rows.values() for label in found.values()])
    sizes = np.array([[(written / path).stat().st_size] for path in paths], float)
    lengths = []
    for path in paths:
        with CompressedVideo(written / path) as video:
            lengths.append([float(video.num_frames)])
    names = np.array([[int(digit, 16) for digit in os.path.basename(path)[:12]] for path in paths], float)
    # 128 test videos, chance 1/8: one standard error is 0.03.
    for features in (sizes, np.array(lengths), names, np.argsort(np.argsort(paths))[:, None].astype(float)):
        assert nearest_mean_accuracy(features, labels, split) < 0.125 + 3 * 0.03
    words = (*CONTEXTS, *MOTIONS, *SPLITS)
    assert not any(word in os.path.basename(path) for path in paths for word in words)


def test_run_again_it_keeps_what_is_there_and_mends_what_is_not(written, capsys):
    before = everything(written)
    paths = sorted(read_list(written, 'train', 'joint'))
    (written / paths[0]).unlink()
    (written / paths[1].replace('videos', 'truth')).with_suffix('.npz').unlink()
    unequal = written / paths[2]  # as it was written before sizes were made equal
    unequal.write_bytes(unequal.read_bytes()[:-1000])
    content = (written / paths[3]).read_bytes()
    write_controlled_set(written, **COUNTS)
    assert '256 videos, 3 to write' in capsys.readouterr().out
    after = everything(written)
    assert after.keys() == before.keys()
    changed = {str(path) for path in after if after[path] != before[path] and path.parts[0] == 'videos'}
    assert changed == set(paths[:3])
    assert {(written / path).stat().st_size for path in paths} == {LEVELS['basic'].file_size}
    assert (written / paths[3]).read_bytes() == content


def test_fewer_videos_are_the_same_videos(written, tmp_path):
    write_controlled_set(tmp_path, **(COUNTS | dict(train_per_cell=1, val_per_cell=0, test_per_cell=0)))
    few = read_list(tmp_path, 'train', 'joint')
    assert few.items() <= read_list(written, 'train', 'joint').items()
    path = next(iter(few))
    assert (tmp_path / path).read_bytes() == (written / path).read_bytes()
    assert read_list(tmp_path, 'val', 'joint') == {}


def test_a_folder_holds_one_level_of_one_seed(written):
    for change, what in ((dict(seed=1), 'level basic, seed 1'), (dict(level='future'), 'level future, seed 0')):
        with pytest.raises(ValueError, match=f'has the benchmark of level basic, seed 0, not of {what}. Remedy: '):
            write_controlled_set(written, **(COUNTS | change))
    with pytest.raises(ValueError, match="no such level: 'easy'; levels are basic, future, hard"):
        write_controlled_set(written, **(COUNTS | dict(level='easy')))


@pytest.mark.slow
def test_processes_write_what_one_process_writes(tmp_path, repository):
    """In a process of its own: workers must start wherever the caller keeps its main module."""
    counts = dict(level='future', train_per_cell=0, val_per_cell=0, test_per_cell=1)
    write_controlled_set(tmp_path / 'one', **counts, workers=1)
    code = (
        'from cmvl_mm.controlled.video_set import write_controlled_set\n'
        "if __name__ == '__main__':\n"
        f'    write_controlled_set({str(tmp_path / "two")!r}, **{counts!r}, workers=2)\n'
    )
    (tmp_path / 'main.py').write_text(code)
    environment = {**os.environ, 'PYTHONPATH': str(repository)}
    subprocess.run([sys.executable, str(tmp_path / 'main.py')], check=True, capture_output=True, env=environment)
    for path in read_list(tmp_path / 'one', 'test', 'joint'):
        assert (tmp_path / 'one' / path).read_bytes() == (tmp_path / 'two' / path).read_bytes()
    assert read_list(tmp_path / 'one', 'test', 'turn') == read_list(tmp_path / 'two', 'test', 'turn')
