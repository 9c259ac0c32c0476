"""The table of the demo's ablations: every config has its row, and figures are those of the row's own run."""

import json

import numpy as np
import pytest

from cmvl_mm.controlled.video_set import LABELS
from cmvl_mm.evaluation.features import Features, save_features


@pytest.fixture
def ablations(tool, monkeypatch, tmp_path):
    module = tool('demo_ablations')
    for name in ('DEMO', 'TRAINING_LIST', 'THIRD', 'FLOW_VIDEOS'):
        monkeypatch.setattr(module, name, tmp_path / getattr(module, name).relative_to('work_dirs/demo'))
    (tmp_path / 'ablations').mkdir()
    return module


def write_log(work_dir, rows):
    (work_dir / 'now/vis_data').mkdir(parents=True)
    (work_dir / 'now/vis_data/scalars.json').write_text('\n'.join(map(json.dumps, rows)))


def test_every_ablation_of_the_demo_has_a_row(ablations):
    configs = {path.stem for path in ablations.CONFIGS.glob('table*.py')}
    assert configs - {'table7'} <= {row.train for row in ablations.ROWS} | {row.test for row in ablations.ROWS}
    assert len({row.name for row in ablations.ROWS}) == len(ablations.ROWS)


def test_figures_are_recalls_by_kind_and_the_last_epochs_accuracies(ablations, tmp_path):
    row = ablations.ROWS[0]
    lists = tmp_path / 'source/annotations'
    lists.mkdir(parents=True)
    for number, kind in enumerate(LABELS):  # the query finds g0, whose label is its own for the first kind alone
        (lists / f'train_{kind}.txt').write_text('g0 0\ng1 1\n')
        (lists / f'test_{kind}.txt').write_text(f'q {0 if number == 0 else 1}\n')
    features = np.eye(3, dtype=np.float32)[[0, 1, 0]]
    save_features(
        Features(features, np.zeros(3, np.int64), np.array([False, False, True]), np.array(['g0', 'g1', 'q'])),
        tmp_path / 'ablations/base.npz',
    )
    rows = [
        dict(step=1, epoch=ablations.LAST_EPOCH - 1, loss=1.0, acc_context=0.9),
        dict(step=2, epoch=ablations.LAST_EPOCH, loss=1.0, acc_context=0.25),
        dict(step=3, epoch=ablations.LAST_EPOCH, loss=1.0, acc_context=0.75),
    ]
    write_log(ablations.folder(row), rows)
    assert ablations.figures(row) == ['100.0', '0.0', '0.0', '50.0, -', '-']


def test_a_third_of_every_class_is_trained_on_three_times_and_needs_flow(ablations, tmp_path):
    (tmp_path / 'source/annotations').mkdir(parents=True)
    ablations.TRAINING_LIST.write_text(
        ''.join(f'videos/{name}.mp4 {number % 2}\n' for number, name in enumerate('abcdef'))
    )
    ablations.write_third()
    lines = ablations.THIRD.read_text().splitlines()
    assert sorted(line.split()[1] for line in lines) == ['0'] * 3 + ['1'] * 3
    assert len(set(lines)) == 2
    names = ablations.FLOW_VIDEOS.read_text().split()
    assert {f'videos/{name}' for name in names} == {line.split()[0] for line in lines}

    (tmp_path / 'prepared/videos').mkdir(parents=True)
    for name in names:
        assert not ablations.has_flow()
        (tmp_path / 'prepared/videos' / name).with_suffix('.flow.npz').touch()
    assert ablations.has_flow()
