"""The step benchmark has a row a lever, and times what it says."""

import json

import pytest
import torch

from cmvl_mm.engine.config import load_config


def test_a_small_run_has_a_row_for_every_lever(load_benchmark, tmp_path, capsys):
    path = tmp_path / 'step.json'
    load_benchmark('train_step').main(['--batch', '2', '--rounds', '1', '--compile', '--json', str(path)])
    (report,) = json.loads(path.read_text())['reports']
    levers = ['memory_format: channels_last', 'optimizer: fused', 'logs: deferred']
    if torch.cuda.is_available():
        levers = ['precision: bf16', *levers, 'colour: device']
    else:
        assert 'no GPU here' in capsys.readouterr().out
    assert [timing['name'] for timing in report['timings']] == ['plain', *levers, 'as configured', 'losses alone']
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
    assert len(moved) == 5


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


def test_the_batch_has_draws_where_colour_is_left_to_the_device(load_benchmark, repository):
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    make_batch = load_benchmark('synthetic_batch').synthetic_batch
    assert 'imgs_colour' not in make_batch(config, 3, 'cpu')['inputs']
    config.train_dataloader.dataset.pipeline.colour.where = 'device'
    inputs = make_batch(config, 64, 'cpu')['inputs']
    assert inputs['imgs_colour'].shape == inputs['iframe_colour'].shape == (64, 10)
    blurred = ~inputs['imgs_colour'][:, 0].isnan()
    assert 16 < blurred.sum() < 48  # half of them, as configured
    assert not torch.equal(blurred, ~inputs['iframe_colour'][:, 0].isnan())
