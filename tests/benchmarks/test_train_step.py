"""The step benchmark has a row a lever, and times what it says."""

import json

import pytest
import torch

from cmvl_mm.engine.config import load_config


def test_a_small_run_has_a_row_for_every_lever(load_benchmark, tmp_path, capsys):
    path = tmp_path / 'step.json'
    load_benchmark('train_step').main(['--batch', '2', '--rounds', '1', '--compile', '--json', str(path)])
    (report,) = json.loads(path.read_text())['reports']
    rows = ['plain', 'precision: bf16', 'memory_format: channels_last', 'optimizer: fused', 'logs: deferred']
    if not torch.cuda.is_available():
        rows.remove('precision: bf16')
        assert 'no GPU here' in capsys.readouterr().out
    assert [timing['name'] for timing in report['timings']] == [*rows, 'as configured', 'losses alone']
    assert {timing['units'] for timing in report['timings']} == {2}


def test_each_row_moves_one_lever(load_benchmark, repository):
    train_step = load_benchmark('train_step')
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    rows = train_step.routes_of(config, 'cuda', ('backbone',))
    moved = {
        name: [lever for lever, position in levers.items() if position != train_step.PLAIN[lever]]
        for name, levers in rows.items()
    }
    assert moved.pop('as configured') == ['precision', 'memory_format', 'optimizer', 'logs']
    assert moved.pop('plain') == []
    assert moved.pop('compile: backbone') == ['compile']
    assert all(levers == [name.split(':')[0]] for name, levers in moved.items())
    assert len(moved) == 4


@pytest.mark.parametrize('leaf', ['pretrain_c3d_ucf.py', 'demo/pretrain.py'])
def test_the_batch_looks_like_the_loaders(load_benchmark, repository, leaf):
    config = load_config(repository / 'configs' / leaf)
    size = config.train_dataloader.dataset.pipeline.crop.size
    inputs = load_benchmark('synthetic_batch').synthetic_batch(config, 3, 'cpu')['inputs']
    assert inputs['imgs'].shape == (3, 3, 16, size, size)
    assert inputs['imgs'].dtype == inputs['iframe'].dtype == torch.uint8
    assert inputs['motion'].shape[:3] == (3, 4, 8)
    assert inputs['motion'].dtype == torch.int16
    assert {name: inputs[name].shape for name in ('motion_box', 'motion_flip', 'motion_block')} == {
        'motion_box': (3, 4, 4), 'motion_flip': (3, 4), 'motion_block': (3,),
    }  # fmt: skip
