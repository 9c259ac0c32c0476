"""The FAISS index behind the same call: what it finds, and that it says what it missed."""

import numpy as np
import pytest

from cmvl_mm.evaluation import ivf_search
from cmvl_mm.evaluation.search import IVF, nearest

needs_faiss = pytest.mark.skipif(ivf_search.faiss is None, reason="needs FAISS: pip install 'cmvl_mm[search]'")


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 16)).astype(np.float32), rng.normal(size=(2000, 16)).astype(np.float32)


@needs_faiss
def test_all_cells_give_the_exact_neighbours(features):
    exact = nearest(*features, 10)
    found = nearest(*features, 10, index=IVF(lists=8, probes=8))
    assert np.array_equal(found.rows, exact.rows)
    assert np.array_equal(found.similarity, exact.similarity)
    assert found.recall == 1.0


@needs_faiss
def test_recall_is_the_share_of_exact_neighbours_found(features):
    exact = nearest(*features, 10)
    few, more = (nearest(*features, 10, index=IVF(lists=32, probes=probes)) for probes in (1, 8))
    assert 0.05 < few.recall < more.recall < 1
    shared = [len(set(a) & set(b)) for a, b in zip(few.rows.tolist(), exact.rows.tolist(), strict=True)]
    assert few.recall == pytest.approx(np.mean(shared) / 10)  # all 40 queries are in the sample
    every_tenth = nearest(*features, 10, index=IVF(lists=32, probes=1, sample=4))
    assert every_tenth.recall == pytest.approx(np.mean([shared[i] for i in (0, 13, 26, 39)]) / 10)


@needs_faiss
def test_cells_that_hold_too_few_rows_are_an_error(features):
    with pytest.raises(ValueError, match=r'hold fewer than k=500 rows for 40 queries.*Remedy: more probes'):
        nearest(*features, 500, index=IVF(lists=32, probes=1))


@needs_faiss
def test_wrong_numbers_of_cells_are_named(features):
    for lists, probes in ((4, 5), (4, 0), (2001, 1)):
        with pytest.raises(ValueError, match=f'lists={lists} and probes={probes}'):
            nearest(*features, 1, index=IVF(lists=lists, probes=probes))


def test_without_faiss_the_remedy_is_named(features, monkeypatch):
    monkeypatch.setattr(ivf_search, 'faiss', None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install .cmvl_mm\[search\]'):
        nearest(*features, 1, index=IVF(lists=4, probes=1))
