"""The benchmark of extraction runs at a tiny size, and notices a route that gives other vectors."""

import json

import numpy as np
import pytest


@pytest.fixture
def extraction(load_benchmark):
    return load_benchmark('extraction')


@pytest.mark.slow
def test_all_routes_agree_and_are_timed(extraction, tmp_path, capsys):
    extraction.main(['--videos', '1', '--frames', '14', '--rounds', '1', '--json', str(tmp_path / 'out.json')])
    assert 'ours, vectors + I-frames' in capsys.readouterr().out
    reports = json.loads((tmp_path / 'out.json').read_text())['reports']
    assert [report['unit'] for report in reports] == ['frames', 'frames']
    for report in reports:
        roles = {timing['role'] for timing in report['timings']}
        assert roles == {'ours', 'peer', 'limit'}
        assert all(timing['units'] == 14 for timing in report['timings'])


def test_a_route_with_other_vectors_is_refused(extraction, tmp_path):
    (path,) = extraction.make_mpeg4(tmp_path, 1, 14)
    extraction.check('right', path, 16, extraction.records_painted)

    def mirrored(video):
        for painted in extraction.records_painted(video):
            yield None if painted is None else -painted

    def short(video):
        yield from list(extraction.records_painted(video))[:-1]

    with pytest.raises(AssertionError, match='px off'):
        extraction.check('mirrored', path, 16, mirrored)
    with pytest.raises(AssertionError, match='13 of 14 frames'):
        extraction.check('short', path, 16, short)


def test_material_is_the_same_each_time_and_moves(load_benchmark):
    material = load_benchmark('material')
    frames = material.make_frames(1, 3)
    assert frames.shape == (3, 256, 340, 3)
    assert np.array_equal(frames, material.make_frames(1, 3))
    assert (frames[1] != frames[0]).mean() > 0.5
