"""The benchmark runs at a small size, and its check knows a wrong neighbour."""

import json
import time

import numpy as np
import pytest

from cmvl_mm.evaluation.ivf_search import faiss
from cmvl_mm.evaluation.search import nearest


@pytest.fixture
def retrieval(load_benchmark):
    return load_benchmark('retrieval')


def test_it_runs_checks_and_writes_its_figures(retrieval, tmp_path, capsys):
    sizes = dict(gallery=2500, dim=16, queries=5, k=3, rounds=1, lists=8, probes=2)
    options = [f'--{name}={value}' for name, value in sizes.items()]
    retrieval.main([*options, f'--folder={tmp_path}', f'--json={tmp_path / "out.json"}'])
    report = json.loads((tmp_path / 'out.json').read_text())['reports'][0]
    names = [timing['name'] for timing in report['timings']]
    assert names[0] == retrieval.OURS
    assert names[-1] == retrieval.LIMIT
    assert ('FAISS IVF, built' in names) == (faiss is not None)
    assert len(report['notes']) == 1  # recall of the index, or that FAISS is missing
    assert report['targets'][1]['figure'] >= 0
    assert report['table'] in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ['out.json']  # the gallery is gone


def test_neighbours_that_differ_by_more_than_rounding_are_refused(retrieval):
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(3, 8)), rng.normal(size=(20, 8))
    found = nearest(query, gallery, 4)
    for select in ('argsort', 'argpartition'):
        rows = retrieval.by_matrix(query, gallery, 4, select)
        assert np.array_equal(rows, found.rows)
        retrieval.check(select, rows, query, gallery, found.similarity)
    rows[1, 2] = nearest(query, gallery, 20).rows[1, 9]
    with pytest.raises(RuntimeError, match='argpartition: a neighbour is'):
        retrieval.check('argpartition', rows, query, gallery, found.similarity)


def test_a_gallery_that_the_disk_cannot_hold_is_refused(retrieval, tmp_path):
    with pytest.raises(OSError, match='Remedy: --folder'):
        retrieval.write_gallery(tmp_path / 'g.npy', 10**12, 2048)
    assert not list(tmp_path.iterdir())


def test_the_gallery_has_clusters(retrieval, tmp_path):
    """Rows of one cluster are near to each other, and near to a query of theirs."""
    gallery = retrieval.write_gallery(tmp_path / 'g.npy', 300, 32)
    query = retrieval.features(np.array([2]), 32, 0)
    assert (nearest(query, gallery, 20).rows // retrieval.CLUSTER == 2).mean() > 0.8
    assert gallery.min() == 0


def test_peak_memory_sees_what_a_call_held(retrieval):
    def hold():
        held = np.ones(100 * 2**17)
        time.sleep(0.05)
        return held.sum()

    assert 90 < retrieval.peak_mib(hold) < 130
