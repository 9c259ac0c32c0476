"""Embeddings in a file: every value comes back, any Parquet reader reads them, other files are refused."""

import dataclasses
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding.embeddings import (
    KEY,
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    write_embeddings,
)

META = EmbeddingsMeta(
    root='/videos',
    model='a_network',
    sha256='0' * 64,
    network=dict(type='ContextMotionRecognizer', backbone=dict(depths=[0, 1])),
    clip_len=16,
    frame_interval=2,
    clips=2,
    every=None,
    past_end='repeat_last',
    size=48,
    resize_short=64,
    version='0.1.0',
)


def embeddings(rows: int = 3) -> Embeddings:
    return Embeddings(
        paths=np.array([f'a folder/é{row}.mp4' for row in range(rows)], np.str_),
        starts=np.arange(rows) / 3,  # thirds: float32 would not keep them
        ends=np.arange(rows) / 3 + 1e-9,
        labels=np.array(['fall', None, 'adl'][:rows], object),
        vectors=np.random.default_rng(0).normal(size=(rows, 5)).astype(np.float32),
        meta=META,
    )


@pytest.mark.parametrize('rows', [3, 0])
def test_all_of_it_comes_back(tmp_path, rows):
    before = embeddings(rows)
    write_embeddings(tmp_path / 'new' / 'f.parquet', before)
    after = read_embeddings(tmp_path / 'new' / 'f.parquet')
    assert after.meta == META
    assert after.vectors.shape == (rows, 5)
    for column in ('paths', 'starts', 'ends', 'labels', 'vectors'):
        np.testing.assert_array_equal(getattr(after, column), getattr(before, column))
        assert getattr(after, column).dtype.kind == getattr(before, column).dtype.kind
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['f.parquet']


def test_any_parquet_reader_reads_the_rows(tmp_path):
    before = embeddings()
    write_embeddings(tmp_path / 'f.parquet', before)
    rows = pq.read_table(tmp_path / 'f.parquet').to_pylist()
    assert list(rows[0]) == ['path', 'start', 'end', 'label', 'vector']
    assert [row['label'] for row in rows] == ['fall', None, 'adl']
    assert np.float32(rows[2]['vector']).tolist() == before.vectors[2].tolist()


def test_other_files_are_refused_by_name(tmp_path):
    write_embeddings(tmp_path / 'f.parquet', embeddings())
    table = pq.read_table(tmp_path / 'f.parquet')
    stored = json.loads(table.schema.metadata[KEY])

    def variant(name, *, columns=None, meta=stored):
        found = table if columns is None else table.select(columns)
        pq.write_table(found.replace_schema_metadata({KEY: json.dumps(meta)} if meta else None), tmp_path / name)
        return tmp_path / name

    (tmp_path / 'text.parquet').write_text('no Parquet')
    cases = {
        tmp_path / 'text.parquet': 'cannot be read as embeddings',
        variant('foreign.parquet', meta=None): 'its metadata has no key cmvl_mm.embeddings',
        variant('newer.parquet', meta=stored | dict(format=2)): 'its format is 2, but this version reads 1',
        variant('less.parquet', columns=['path', 'vector']): 'its columns are path string, vector',
        variant(
            'short.parquet', meta={k: v for k, v in stored.items() if k != 'size'}
        ): 'missing or unknown fields: size',
    }
    for path, words in cases.items():
        with pytest.raises(EmbeddingsError, match=words) as caught:
            read_embeddings(path)
        assert str(caught.value).startswith(f'{path}: ')
    with pytest.raises(FileNotFoundError, match=r'none\.parquet: there is no such file'):
        read_embeddings(tmp_path / 'none.parquet')


def test_columns_of_different_lengths_are_no_embeddings():
    with pytest.raises(ValueError, match='3 paths do not match'):
        dataclasses.replace(embeddings(), starts=np.zeros(2))
