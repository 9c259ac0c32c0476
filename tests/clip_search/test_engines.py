"""Exact search, IVF and LanceDB against the plainest loop: filters, ties, videos and clips, own videos."""

import dataclasses
import shutil
from fnmatch import fnmatchcase
from importlib.util import find_spec

import numpy as np
import pytest

from cmvl_mm.clip_search import index_record, ivf_index, row_blocks
from cmvl_mm.clip_search.build_index import build_index
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.row_filter import EVERY_ROW, RowFilter
from cmvl_mm.clip_search.search import search, search_many
from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding.embeddings import write_embeddings

ENGINES = [
    None,
    'ivf',
    pytest.param(
        'lance',
        marks=pytest.mark.skipif(not find_spec('lancedb'), reason="needs LanceDB: pip install 'cmvl_mm[lance]'"),
    ),
]
FILTERS = [
    EVERY_ROW,
    RowFilter(path='cam1/*'),
    RowFilter(path='cam[!12]/video_00?[0-5].mp4', seconds=(1.6, None)),
    RowFilter(label="it's"),
    RowFilter(label='run', path='*7.mp4', seconds=(None, 3.0)),
]


@pytest.fixture(scope='module')
def rows(folder):
    return read_embeddings(folder)


def passes(rows, number, where):
    begin, end = where.seconds
    return (
        (where.path is None or fnmatchcase(rows.paths[number], where.path))
        and (where.label is None or rows.labels[number] == where.label)
        and (begin is None or rows.ends[number] > begin)
        and (end is None or rows.starts[number] < end)
    )


def plain_search(rows, query, k, clips=False, others=False, where=EVERY_ROW):
    """Row numbers: everything by a loop, ties to the lower row."""
    vectors = rows.vectors.astype(np.float64)
    found = []
    for number, vector in enumerate(vectors):
        if passes(rows, number, where) and not (others and rows.paths[number] == rows.paths[query]):
            cosine = vector @ vectors[query] / np.sqrt((vector @ vector) * (vectors[query] @ vectors[query]))
            found.append((-round(cosine, 12), number))
    seen, best = set(), []
    for _, number in sorted(found):
        if clips or rows.paths[number] not in seen:
            seen.add(rows.paths[number])
            best.append(number)
    return best[:k]


@pytest.fixture
def every_cell(monkeypatch):
    """Indexes look at every cell."""
    read = index_record._record

    def record(stored):
        found = read(stored)
        cells = max(found.settings.values())
        return dataclasses.replace(found, settings=found.settings | dict(probes=cells))

    monkeypatch.setattr(index_record, '_record', record)


@pytest.mark.parametrize('index', ENGINES)
@pytest.mark.parametrize('where', FILTERS, ids=str)
def test_each_engine_is_the_plain_loop_with_filters_and_ties(folder, rows, index, where, every_cell):
    queries = [0, 5, 6, 250, 599]  # 5 and 6 tie
    for k, clips, others in ((10, True, False), (7, False, True), (200, False, False)):
        found = search_many(folder, queries, k, clips=clips, others=others, where=where, index=index)
        expected = [plain_search(rows, query, k, clips, others, where) for query in queries]
        assert [[match.row for match in matches] for matches in found] == expected
        assert len(expected[0]) == k or k == 200  # so many are there
        for match in found[3]:
            assert (match.path, match.start, match.label) == (
                rows.paths[match.row], rows.starts[match.row], rows.labels[match.row]
            )  # fmt: skip
    assert (
        search(folder, 5, 7, where=where, index=index) == search_many(folder, queries, 7, where=where, index=index)[1]
    )


def test_cosines_and_order_of_an_index_are_those_of_the_exact_search_to_the_bit(folder):
    exact = search_many(folder, range(0, 600, 50), 20, clips=True)
    for index in ('ivf', *(['lance'] if find_spec('lancedb') else [])):
        found = search_many(folder, range(0, 600, 50), 20, clips=True, index=index)
        same = 0
        for theirs, ours in zip(found, exact, strict=True):
            cosines = {match.row: match.cosine for match in ours}
            assert all(cosines.get(match.row, match.cosine) == match.cosine for match in theirs)
            assert [(-match.cosine, match.row) for match in theirs] == sorted((-m.cosine, m.row) for m in theirs)
            same += len({match.row for match in theirs} & cosines.keys())
        assert same >= 0.9 * 12 * 20  # the cells of LanceDB fall otherwise at each building


@pytest.mark.parametrize('index', ENGINES)
def test_k_results_come_although_few_cells_are_looked_at(folder, rows, index):
    """A filter leaves few rows, most of them far from the query."""
    where = RowFilter(path='cam2/video_01[0-4]*')
    passing = sum(passes(rows, number, where) for number in range(600))
    found = search(folder, 0, 1000, clips=True, where=where, index=index)
    assert len(found) == passing > 40
    assert len(search(folder, 0, 1000, index=index)) == 200


def test_the_same_from_memory_from_a_file_and_in_blocks_of_any_size(folder, rows, tmp_path, monkeypatch):
    write_embeddings(tmp_path / 'features.parquet', rows)
    options = dict(k=9, others=True, where=RowFilter(label='run'))
    expected = search_many(folder, [3, 77], **options)
    for block_bytes in (1, 4 * 24 * 50, 1 << 30):
        monkeypatch.setattr(row_blocks, 'BLOCK_BYTES', block_bytes)
        for features in (folder, tmp_path / 'features.parquet', rows):
            assert search_many(features, [3, 77], **options) == expected


def test_an_index_in_several_shards_finds_what_one_finds(folder, rows, every_cell, monkeypatch, tmp_path):
    copy = tmp_path / 'features'
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns('index'))
    monkeypatch.setattr(ivf_index, 'SHARD_BYTES', 1)
    monkeypatch.setattr(row_blocks, 'BLOCK_BYTES', 4 * 24 * 100)
    assert build_index(copy).settings['shards'] == 7
    where = RowFilter(label='run')
    assert search_many(copy, [0, 300], 30, where=where, index='ivf') == search_many(folder, [0, 300], 30, where=where)


def test_filters_that_mean_nothing_or_leave_nothing(folder):
    for options, words in (
        (dict(seconds=(3.0, 3.0)), r'seconds from 3\.0 to 3\.0: no clip can match\. Remedy'),
        (dict(seconds=(float('nan'), None)), 'seconds from nan'),
        (dict(path='cam[1'), r"path 'cam\[1': a \[ is not closed\. Remedy"),
    ):
        with pytest.raises(SearchError, match=words):
            RowFilter(**options)
    for index in (None, 'ivf'):
        with pytest.raises(
            SearchError, match=r"path 'cam9/\*', label 'run', from 2 s: no row matches this filter.*Remedy"
        ):
            search(folder, 0, where=RowFilter('cam9/*', 'run', (2.0, None)), index=index)
