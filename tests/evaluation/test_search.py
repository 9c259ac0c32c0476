"""The search against a full float64 ranking, where it is hard: near ties, equal rows, odd lengths, small blocks.

And the FAISS index behind the same call: what it finds, and that it says what it missed.
"""

import tracemalloc

import numpy as np
import pytest
import torch

from cmvl_mm.evaluation import exact_search, ivf_search
from cmvl_mm.evaluation.search import IVF, Exact, nearest
from cmvl_mm.evaluation.sifting import rounding_error, sift

SMALL = Exact(block_bytes=64 * 24 * 10)  # ten rows of 24 channels


def full_ranking(query: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """The definition: everything in extended precision, ties to the lower row."""
    query, gallery = (x.astype(np.longdouble) for x in (query, gallery))
    query, gallery = (x / np.sqrt((x * x).sum(1, keepdims=True)) for x in (query, gallery))
    return np.argsort(-(query[:, None] * gallery).sum(2), axis=1, kind='stable')[:, :k]


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_it_is_the_full_ranking_at_every_block_size(dtype):
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(7, 24)).astype(dtype), rng.normal(size=(105, 24)).astype(dtype)
    expected = full_ranking(query, gallery, 12)
    similarities = []
    for block_bytes in (1, 64 * 24 * 10, 64 * 24 * 104, 2**28):
        found = nearest(query, gallery, 12, index=Exact(block_bytes=block_bytes))
        assert found.rows.dtype == np.int64
        assert np.array_equal(found.rows, expected)
        similarities.append(found.similarity)
    assert np.array_equal(similarities, similarities[:1] * 4)  # to the last bit
    assert found.recall == 1.0


@pytest.mark.parametrize('order', ['rising', 'falling', 'shuffled'])
def test_near_ties_that_float32_cannot_tell_apart(order):
    """Cosines that differ by a few 1e-10, hundreds of times below float32's spacing."""
    rng = np.random.default_rng(1)
    query = np.eye(24)[:1]
    tangents = 1e-3 + 1e-7 * rng.permutation(200)  # cosine about 1 - t^2 / 2: 1e-10 apart
    gallery = np.hstack([np.ones((200, 1)), tangents[:, None], np.zeros((200, 22))])
    if order != 'shuffled':
        gallery = gallery[np.argsort(gallery[:, 1] if order == 'falling' else -gallery[:, 1])]
    expected = np.argsort(gallery[:, 1])[:30]
    assert len(set((gallery @ query[0] / np.linalg.norm(gallery, axis=1)).astype(np.float32))) < 5
    for index in (SMALL, Exact()):
        assert np.array_equal(nearest(query, gallery, 30, index=index).rows[0], expected)


def test_equal_rows_tie_exactly_and_come_in_their_order():
    """Also over blocks, and where a matrix product rounds them differently by their place."""
    rng = np.random.default_rng(2)
    distinct = rng.normal(size=(5, 24)).astype(np.float32)
    gallery = distinct[rng.integers(0, 5, 203)]
    query = rng.normal(size=(9, 24)).astype(np.float32)
    for index in (SMALL, Exact()):
        found = nearest(query, gallery, 100, index=index)
        assert np.array_equal(found.rows, full_ranking(query, gallery, 100))
        assert max(len(set(row)) for row in found.similarity) <= 5


def test_a_collapsed_network_is_searched_by_the_second_sieve(monkeypatch):
    """All pairs pass in float32; then a product in float64 must leave few to rank one by one."""
    rng = np.random.default_rng(3)
    query, gallery = (1 + 1e-6 * rng.normal(size=(n, 24)) for n in (6, 900))
    ranked, decide = [], exact_search.decide

    def counting(*args):
        ranked.append(len(args[3]))
        return decide(*args)

    monkeypatch.setattr(exact_search, 'decide', counting)
    found = nearest(query, gallery, 5)
    assert np.array_equal(found.rows, full_ranking(query, gallery, 5))
    assert sum(ranked) < 6 * 5 * 4  # of 5400 pairs


def test_sifting_keeps_the_k_best_whatever_the_rounding_does():
    """The worst case of the bound: the best come out too low by the full error, all others too high."""
    rng = np.random.default_rng(4)
    error = rounding_error(24, torch.float32)
    true = np.sort(rng.uniform(0.5, 0.5 + 8 * error, size=(50, 40)))[:, ::-1].copy()
    worst = true + 0.99 * error * np.where(np.arange(40) < 6, -1, 1)
    for floor in (np.full(50, -np.inf), true[:, 5].copy()):
        passed = sift(torch.tensor(worst, dtype=torch.float32), torch.from_numpy(floor), 6, 24)
        assert passed[:, :6].all()
        assert not passed.all()


def test_float32_products_stay_within_the_bound():
    rng = np.random.default_rng(5)
    for channels in (1, 24, 2048):
        query, gallery = (rng.uniform(size=(n, channels)) for n in (5, 300))
        query, gallery = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery))
        single = (torch.tensor(query, dtype=torch.float32) @ torch.tensor(gallery, dtype=torch.float32).T).numpy()
        assert np.abs(single - query @ gallery.T).max() < rounding_error(channels, torch.float32)
    assert rounding_error(2048, torch.float32) < 3e-4


def test_lengths_that_float32_cannot_square_are_ranked_all_the_same():
    rng = np.random.default_rng(6)
    gallery = rng.normal(size=(60, 24))
    scales = np.resize([1.0, 1e-42, 1e-25, 1e18, 1e30, 1e100], 60)[:, None]
    query = rng.normal(size=(4, 24)) * [[1.0], [1e-100], [1e25], [1e100]]
    for index in (SMALL, Exact()):
        found = nearest(query, gallery * scales, 10, index=index)
        assert np.array_equal(found.rows, full_ranking(query, gallery, 10))


@pytest.mark.parametrize('bad', [0.0, np.nan, np.inf])
def test_a_bad_row_is_named_by_its_place_in_its_table(bad):
    gallery = np.random.default_rng(7).normal(size=(35, 24)).astype(np.float32)
    query = gallery[:2].copy()
    query[1] = bad
    with pytest.raises(ValueError, match='row 1 is zero or not finite'):
        nearest(query, gallery, 1)
    gallery[33] = bad
    with pytest.raises(ValueError, match='row 33 is zero or not finite'):
        nearest(gallery[:2], gallery, 1, index=SMALL)


class Watched(np.ndarray):
    """Notes which rows are asked for."""

    def __getitem__(self, key):
        if isinstance(key, slice):
            self.asked.append(key)
        return np.asarray(super().__getitem__(key))


def test_a_file_is_read_once_in_blocks(tmp_path):
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(105, 24)).astype(np.float32)
    np.save(tmp_path / 'g.npy', rows)
    gallery = np.load(tmp_path / 'g.npy', mmap_mode='r').view(Watched)
    gallery.asked = []
    seen = []
    found = nearest(rows[:30], gallery, 3, index=SMALL, progress=lambda done, total: seen.append((done, total)))
    assert found.rows[:, 0].tolist() == list(range(30))
    assert [(part.start, part.stop) for part in gallery.asked] == [(i, i + 10) for i in range(0, 105, 10)]
    assert seen == [(min(i + 10, 105), 105) for i in range(0, 105, 10)]


def test_memory_stays_within_the_blocks_even_where_everything_ties():
    """NumPy's part of it, which is most where every pair is decided one by one."""
    gallery = np.ones((20_000, 24), np.float32)
    tracemalloc.start()
    nearest(gallery[:50], gallery, 3, index=Exact(block_bytes=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20 + 2**17  # query and result are beside it; all pairs at once would take 20 MB a number


def test_products_are_in_full_float32_whatever_the_program_allows():
    allowed = []
    gallery = np.eye(4)
    torch.set_float32_matmul_precision('medium')
    try:
        nearest(gallery, gallery, 1, progress=lambda *_: allowed.append(torch.get_float32_matmul_precision()))
        assert torch.get_float32_matmul_precision() == 'medium'
    finally:
        torch.set_float32_matmul_precision('highest')
    assert allowed == ['highest']


def test_wrong_arguments_are_named():
    some = np.eye(3)
    for query, gallery in ((some, np.eye(4)), (some[0], some), (some[:0], some), (some, some[:0])):
        with pytest.raises(ValueError, match=r'must be \(q, C\) and \(g, C\)'):
            nearest(query, gallery, 1)
    with pytest.raises(ValueError, match='k=0'):
        nearest(some, some, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_gpu_finds_the_same_to_the_last_bit():
    rng = np.random.default_rng(9)
    query, gallery = rng.normal(size=(20, 24)), 1 + 1e-6 * rng.normal(size=(900, 24))
    on_cpu, on_gpu = (nearest(query, gallery, 5, index=Exact(device=device)) for device in ('cpu', 'cuda'))
    assert np.array_equal(on_cpu.rows, on_gpu.rows)
    assert np.array_equal(on_cpu.similarity, on_gpu.similarity)


needs_faiss = pytest.mark.skipif(ivf_search.faiss is None, reason="needs FAISS: pip install 'cmvl_mm[search]'")


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 16)).astype(np.float32), rng.normal(size=(2000, 16)).astype(np.float32)


@needs_faiss
def test_recall_is_the_share_of_exact_neighbours_found(features):
    exact = nearest(*features, 10)
    found = nearest(*features, 10, index=IVF(lists=8, probes=8))  # all cells
    assert np.array_equal(found.rows, exact.rows)
    assert np.array_equal(found.similarity, exact.similarity)
    assert found.recall == 1.0
    few, more = (nearest(*features, 10, index=IVF(lists=32, probes=probes)) for probes in (1, 8))
    assert 0.05 < few.recall < more.recall < 1
    shared = [len(set(a) & set(b)) for a, b in zip(few.rows.tolist(), exact.rows.tolist(), strict=True)]
    assert few.recall == pytest.approx(np.mean(shared) / 10)  # all 40 queries are in the sample
    every_tenth = nearest(*features, 10, index=IVF(lists=32, probes=1, sample=4))
    assert every_tenth.recall == pytest.approx(np.mean([shared[i] for i in (0, 13, 26, 39)]) / 10)


@needs_faiss
def test_wrong_numbers_of_cells_are_named(features):
    for lists, probes in ((4, 5), (4, 0), (2001, 1)):
        with pytest.raises(ValueError, match=f'lists={lists} and probes={probes}'):
            nearest(*features, 1, index=IVF(lists=lists, probes=probes))
    with pytest.raises(ValueError, match=r'have fewer than k=500 rows for 40 queries.*Remedy: set more probes'):
        nearest(*features, 500, index=IVF(lists=32, probes=1))


def test_without_faiss_the_remedy_is_named(features, monkeypatch):
    monkeypatch.setattr(ivf_search, 'faiss', None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install .cmvl_mm\[search\]'):
        nearest(*features, 1, index=IVF(lists=4, probes=1))
