"""Rounds alternate, a ratio is the median of the rounds' own, and a missed target says so."""

import json

import pytest


@pytest.fixture
def side_by_side(load_benchmark):
    return load_benchmark('side_by_side')


def test_routes_take_turns_after_a_warm_up(side_by_side):
    calls = []
    routes = [side_by_side.Route(name, 'ours', lambda name=name: calls.append(name)) for name in 'ab']
    timings = side_by_side.alternate(routes, 3, 'cpu')
    assert calls == ['a', 'b'] * 4
    assert [len(timing.seconds) for timing in timings] == [3, 3]


def test_equal_names_and_no_rounds_are_refused(side_by_side):
    route = side_by_side.Route('a', 'ours', int)
    with pytest.raises(ValueError, match='different names'):
        side_by_side.alternate([route, route], 1, 'cpu')
    with pytest.raises(ValueError, match='not 0 of'):
        side_by_side.alternate([route], 0, 'cpu')


def test_a_ratio_survives_a_machine_that_slows_down(side_by_side):
    """Ours is always twice as fast a unit; the machine gets ten times slower in the middle."""
    slow = [1.0, 1.0, 10.0, 10.0]
    ours = side_by_side.Timing('ours', 'ours', 4.0, [2 * factor for factor in slow])
    peer = side_by_side.Timing('peer', 'peer', 2.0, [2 * factor for factor in slow])
    assert side_by_side.ratio([ours, peer], 'ours', 'peer') == 2
    assert side_by_side.ratio([ours, peer], 'peer', 'ours') == 0.5


def test_the_table_and_the_file_say_what_was_missed(side_by_side, tmp_path, capsys):
    timings = [
        side_by_side.Timing('ours', 'ours', 10.0, [1.0, 2.0, 3.0]),
        side_by_side.Timing('x', 'peer', 10.0, [4.0] * 3),
    ]
    targets = [side_by_side.Target('speed', 2.0, 1.5), side_by_side.Target('memory', 0.3, 0.22, 'at most')]
    report = side_by_side.Report('title', 'frames', 'cpu', timings, targets, ['a note'])
    side_by_side.publish([report], ['x'], dict(cpu='c'), tmp_path / 'out.json')
    out = capsys.readouterr().out
    assert '| ours | ours | 5 | 2.00 |' in out
    assert 'speed: 2, wanted at least 1.5: met' in out
    assert 'memory: 0.3, wanted at most 0.22: MISSED' in out
    written = json.loads((tmp_path / 'out.json').read_text())
    assert written['machine'] == dict(cpu='c')
    assert written['reports'][0]['table'] in out
