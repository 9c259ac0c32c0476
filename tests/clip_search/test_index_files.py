"""An index that is not of these parts, is cut off, or cannot be had: refused, with value and remedy."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from cmvl_mm.clip_search import build_index as build_module
from cmvl_mm.clip_search.best_rows import Best
from cmvl_mm.clip_search.build_index import build_index
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.index_record import index_path
from cmvl_mm.clip_search.parts_state import state_of
from cmvl_mm.clip_search.recall import recall_at, sample_rows
from cmvl_mm.clip_search.search import search
from cmvl_mm.embedding.parts_folder import part_path


@pytest.fixture
def copied(folder, tmp_path):
    """The folder with its indexes, at another place, with other times of change."""
    shutil.copytree(folder, tmp_path / 'copy', copy_function=shutil.copyfile)
    return tmp_path / 'copy'


def test_the_record_says_what_was_measured_and_how(folder):
    record = json.loads((index_path(folder, 'ivf') / 'record.json').read_text())
    measured = record['measured']
    assert (measured['k'], measured['queries'], measured['wanted']) == (10, 100, 0.99)
    assert 0.99 <= measured['recall'] <= 1
    assert measured['exact_seconds'] > 0 < measured['index_seconds']
    assert (record['kind'], record['rows'], record['channels']) == ('ivf', 600, 24)
    assert record['library'].startswith('faiss ')
    assert not [path for path in (folder / 'index').iterdir() if path.suffix in ('.part', '.old')]


def test_recall_counts_ties_as_right_and_the_query_itself_not_at_all():
    def best(*rows):
        query, row, cosine = np.array(rows).T
        return Best(query.astype(int), row.astype(int), row.astype(int), cosine)

    exact = best((0, 5, 1.0), (0, 1, 0.9), (0, 2, 0.8), (1, 6, 1.0), (1, 3, 0.7), (1, 4, 0.6))
    found = best((0, 5, 1.0), (0, 1, 0.9), (0, 9, 0.8), (1, 6, 1.0), (1, 4, 0.6), (1, 8, 0.5))
    assert recall_at(found, exact, np.array([5, 6]), 2) == (2 + 1) / 4
    assert recall_at(exact, exact, np.array([5, 6]), 2) == 1
    assert sample_rows(1000, 3).tolist() == [0, 499, 999]
    assert sample_rows(2, 100).tolist() == [0, 1]


def test_a_copy_of_the_folder_has_the_index_and_changed_parts_do_not(copied, folder):
    expected = search(folder, 3, index='ivf')
    assert search(copied, 3, index='ivf') == expected
    part = part_path(copied, 7)
    shutil.copyfile(part_path(copied, 8), part)
    with pytest.raises(
        SearchError, match=r'index/ivf: this index was built from other parts than .*copy has now\. Remedy: cmvl index '
    ):
        search(copied, 3, index='ivf')
    os.remove(part)
    with pytest.raises(SearchError, match=r'000007\.parquet: this part is missing\. Remedy'):
        search(copied, 3, index='ivf')
    shutil.copyfile(part_path(folder, 7), part)
    assert search(copied, 3, index='ivf') == expected
    assert build_index(copied).state.stamps != state_of(folder, 40).stamps  # anew, over the old one
    assert search(copied, 3, index='ivf') == expected


@pytest.mark.parametrize('name', ['rows.arrow', 'cells-000.faiss', 'record.json'])
def test_files_that_are_cut_off_damaged_or_gone(copied, name):
    path = index_path(copied, 'ivf') / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    told = (
        'cannot be read as the record of an index'
        if name == 'record.json'
        else r'has \d+ bytes instead of \d+: it is truncated'
    )
    with pytest.raises(SearchError, match=rf'{name}: {told}.*Remedy: cmvl index '):
        search(copied, 3, index='ivf')
    path.unlink()
    told = 'there is no such index' if name == 'record.json' else 'is missing'
    with pytest.raises(SearchError, match=rf'{told}\. Remedy: cmvl index '):
        search(copied, 3, index='ivf')
    if name != 'record.json':
        path.write_bytes(bytes(len(whole)))
        with pytest.raises(SearchError, match=r'index/ivf: the index is damaged.*Remedy: cmvl index '):
            search(copied, 3, index='ivf')


def test_an_index_of_another_dimension_or_record(copied):
    path = index_path(copied, 'ivf') / 'record.json'
    record = json.loads(path.read_text())
    for change, words in (
        (dict(channels=32), 'contains 600 rows of 24 channels, but its record says 600 of 32'),
        (dict(rows=599), 'its record says 599 of 24'),
        (dict(format=2), 'its format is 2, but this version reads 1'),
        (dict(settings=record['settings'] | dict(lists=8)), 'its shards do not match its rows or its record'),
    ):
        path.write_text(json.dumps(record | change))
        with pytest.raises(SearchError, match=rf'{words}.*Remedy: cmvl index '):
            search(copied, 3, index='ivf')


def test_what_cannot_be_indexed(folder, tmp_path, monkeypatch):
    features = tmp_path / 'features.parquet'
    features.write_bytes(b'')
    for use, error, words in (
        (
            lambda: search(folder, 0, index='hnsw'),
            SearchError,
            r"'hnsw': there is no such kind\. Remedy: choose one of ivf, lance",
        ),
        (
            lambda: build_index(folder, 'flat'),
            SearchError,
            r"'flat': there is no such kind\. Remedy: choose one of ivf, lance",
        ),
        (lambda: build_index(features), SearchError, r'features\.parquet: a file has no index\. Remedy'),
        (lambda: search(features, 0, index='ivf'), SearchError, 'a file has no index'),
        (
            lambda: build_index('s3://bucket/features'),
            SearchError,
            r's3://bucket/features: an index must be on a disk.*Remedy',
        ),
        (lambda: build_index(tmp_path), FileNotFoundError, 'is not a folder of parts. Remedy'),
        (lambda: build_index(folder, recall=1.5), SearchError, r'recall=1\.5'),
    ):
        with pytest.raises(error, match=words):
            use()
    monkeypatch.setattr(build_module, '_BYTES', (10**15, 0))
    with pytest.raises(SearchError, match=r'an index needs up to .* GB, but .* are free\. Remedy'):
        build_index(folder)
    for module, kind, extra in (('faiss', 'ivf', 'search'), ('lancedb', 'lance', 'lance')):
        monkeypatch.setitem(sys.modules, module, None)
        for use in (lambda kind=kind: build_index(folder, kind), lambda kind=kind: search(folder, 0, index=kind)):
            with pytest.raises(ModuleNotFoundError, match=rf'cmvl_mm\[{extra}\]') as caught:
                use()
            assert caught.value.name == module
    assert (index_path(folder, 'ivf') / 'record.json').is_file()


def test_parts_that_change_or_a_second_run_meanwhile(copied, monkeypatch):
    before = (index_path(copied, 'ivf') / 'record.json').read_text()
    tuned = build_module._tuned

    def meddling(*args):
        shutil.copyfile(part_path(copied, 8), part_path(copied, 7))
        return tuned(*args)

    monkeypatch.setattr(build_module, '_tuned', meddling)
    with pytest.raises(SearchError, match=r'parts changed while the index was built\. Remedy: cmvl index '):
        build_index(copied)
    monkeypatch.setattr(build_module, 'lock_byte', lambda *_: 'taken')
    with pytest.raises(SearchError, match=r'another run is building an index\. Remedy'):
        build_index(copied)
    assert (index_path(copied, 'ivf') / 'record.json').read_text() == before
