"""The time of a job is that of the runs that did its work."""

import json
import time

import pytest

from cmvl_mm.workflows import step_times
from cmvl_mm.workflows.step_times import StepTimes


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test turns."""
    now = [0.0]
    monkeypatch.setattr(step_times.time, 'monotonic', lambda: now[0])
    assert time.monotonic() == 0

    def turn(minutes):
        now[0] += 60 * minutes

    return turn


def test_a_rerun_of_finished_steps_keeps_the_minutes(tmp_path, clock):
    for minutes in (7, 0.1):
        times = StepTimes(tmp_path / 'steps.json')
        with times.step('pretrain', 'train.py --epochs 12'):
            clock(minutes)
        assert times.total == pytest.approx(7)
    with times.step('pretrain', 'train.py --epochs 24'):  # other work under the same name
        clock(14)
    assert StepTimes(tmp_path / 'steps.json').minutes == {'pretrain': pytest.approx(14)}


def test_the_runs_that_were_stopped_count(tmp_path, clock):
    def stopped(minutes):
        with StepTimes(tmp_path / 'steps.json').step('pretrain', 'train.py'):
            clock(minutes)
            raise KeyboardInterrupt

    for minutes in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            stopped(minutes)
    with (times := StepTimes(tmp_path / 'steps.json')).step('pretrain', 'train.py'):
        clock(4)
    assert times.total == pytest.approx(9)
    assert json.loads((tmp_path / 'steps.json').read_text())['pretrain']['done']
