"""The benchmark runs, and its agreement of directions knows a wrong sign."""

import importlib.util

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.encode import write_video


@pytest.fixture(scope='module')
def flow_cost(repository):
    spec = importlib.util.spec_from_file_location('flow_cost', repository / 'benchmarks' / 'flow_cost.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_pan_agrees_and_is_drawn(flow_cost, tmp_path, capsys):
    path = tmp_path / 'pan.mp4'
    write_video(make_pan(displacement=(3, -2), num_frames=3, height=48, width=64).frames, path)
    flow_cost.main([str(path), '--frames', '1', '--rounds', '1', '--picture', str(tmp_path / 'pan.png')])
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ['TV-L1', 'vectors']
    assert float(row.split()[0]) > float(row.split()[2]) > 0
    assert row.split()[5] == '100.0%'
    assert (tmp_path / 'pan.png').stat().st_size > 5000


def test_agreement_counts_blocks_that_move_by_both_accounts(flow_cost):
    vectors = np.array([[[12, 0], [0, 12], [12, 12], [1, 0], [40, 0]]], np.int16)
    flow = np.array([[[10, 1], [0, -9], [-9, 10], [-8, 0], [1, 1]]], np.int16)
    assert flow_cost.agreement(vectors, flow) == pytest.approx(2 / 3)  # yes, no, yes; the last two stand still
    assert flow_cost.agreement(vectors, -flow) == pytest.approx(1 / 3)
