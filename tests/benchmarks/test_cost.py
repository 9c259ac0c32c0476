"""The cost model against independent counts of the same networks."""

import json

import pytest
from mmengine.registry import DefaultScope

from cmvl_mm.engine.config import load_config


@pytest.fixture
def parts_of(load_benchmark, repository):
    def count(leaf):
        config = load_config(repository / 'configs' / leaf)
        with DefaultScope.overwrite_default_scope('mmaction'):
            return {part.name: part for part in load_benchmark('cost').count_parts(config)}

    return count


@pytest.mark.parametrize(
    ('leaf', 'parameters', 'forward', 'backbone', 'whole'),
    [
        ('pretrain_c3d_ucf.py', 27.66, 77.0, 229, 490),
        ('pretrain_r3d26_ucf.py', 26.50, 18.5, 52.7, 314),
        ('pretrain_r2plus1d26_ucf.py', 26.51, 20.4, 60.0, 321),
    ],
)
def test_the_papers_networks(parts_of, leaf, parameters, forward, backbone, whole):
    parts = parts_of(leaf)
    network = parts['backbone']
    assert network.parameters / 1e6 == pytest.approx(parameters, abs=0.01)
    assert network.forward / 1e9 == pytest.approx(forward, rel=0.02)
    assert network.step / 1e9 == pytest.approx(backbone, rel=0.02)
    assert parts['motion_head.m_network'].step / 1e9 == pytest.approx(4 * 63.0, rel=0.02)  # four windows
    assert parts['context_head.i_network'].step / 1e9 == pytest.approx(1.4, rel=0.04)
    assert sum(part.step for part in parts.values()) / 1e9 == pytest.approx(whole, rel=0.02)


def test_the_losses_are_six_operations_a_pair_and_channel(parts_of):
    losses = parts_of('pretrain_c3d_ucf.py')['losses']
    assert losses.step == 6 * 49 * (16 * 4 * 49) * 512


def test_a_head_without_m_network_has_none(parts_of):
    parts = parts_of('ablations/table1_mse.py')
    assert 'motion_head.m_network' not in parts
    assert parts['motion_head.readout'].step > 0
    assert parts['losses'].step == 0


def test_frames_bytes_and_hours(load_benchmark, repository):
    cost = load_benchmark('cost')
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    # clip 0 ... 60 and half a GOP before it; four windows of eight frames
    assert cost.frames_per_sample(config) == (61 + 5.5, 4 * 8)
    pictures, vectors = 3 * (16 + 1) * 112 * 112, 4 * 8 * 14 * 14 * 2 * 2
    assert pictures + vectors < cost.bytes_per_sample(config) < pictures + vectors + 100  # and boxes and flips
    assert cost.hours(9_537, 120, clips_per_second=300, gpus=2) == pytest.approx(0.53, abs=0.005)


def test_rates_come_from_what_was_measured(load_benchmark, repository, tmp_path, capsys):
    timings = [dict(name='plain', units=16, seconds=[4.0]), dict(name='as configured', units=16, seconds=[1, 2, 9])]
    (tmp_path / 'step.json').write_text(json.dumps(dict(reports=[dict(timings=timings)])))
    loaded = [dict(name='ours, the whole sample', units=32, seconds=[16, 8, 4])]
    (tmp_path / 'loader.json').write_text(json.dumps(dict(reports=[dict(timings=loaded)])))
    config = str(repository / 'configs/demo/pretrain.py')
    files = ['--step', str(tmp_path / 'step.json'), '--loader', str(tmp_path / 'loader.json')]
    load_benchmark('cost').main([config, *files, '--gpus', '2'])
    rows = [line.split(' | ') for line in capsys.readouterr().out.splitlines()]
    row = next(row for row in rows if row[0] == '| 8')  # 16 clips in the median's 2 s
    assert row[4] == '2.0'  # cores of 4 samples a second
    assert row[5] == f'{9_537 * 12 / 8 / 2 / 3600:.2f} h'
