"""The cost that a training's docstring states is the counted one."""

import importlib
import re
from pathlib import Path

import pytest
from mmengine.registry import DefaultScope

from cmvl_mm.engine.config import load_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
STATED = re.compile(r'^Cost: \d+ GFLOP a clip, [\d,]+ PFLOP in all, counted; not run', re.MULTILINE)


@pytest.mark.parametrize(
    'leaf',
    [
        'finetune_r3d26_hmdb',
        'ablations/table1_convgru',
        'ablations/table6_r2plus1d26_ucf',
        'protocols/few_label_1_c3d_ucf',
    ],
)
def test_the_stated_cost_is_the_counted_one(repository, monkeypatch, leaf):
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))
    config = load_config(CONFIGS / f'{leaf}.py')
    with DefaultScope.overwrite_default_scope('mmaction'):
        counted = importlib.import_module('leaf_cost').line(config)
    assert STATED.search((CONFIGS / f'{leaf}.py').read_text())[0] == counted


def test_every_training_states_one():
    leaves = [path for path in CONFIGS.rglob('*.py') if path.parent.name not in ('demo', 'evidence')]
    leaves = [path for path in leaves if '_base_' not in path.parts]
    trainings = [path for path in leaves if 'train_dataloader' in load_config(path)]
    assert len(trainings) == 56
    assert [path.name for path in trainings if not STATED.search(path.read_text())] == []
