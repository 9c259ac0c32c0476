"""The exact search of a stream of blocks: bounded memory, whatever the queries; and rows that have no cosine."""

import threading
from itertools import count

import numpy as np
import pyarrow as pa
import pytest

from cmvl_mm.clip_search import best_rows, streamed
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.row_blocks import RowBlock
from cmvl_mm.clip_search.search import search
from cmvl_mm.clip_search.streamed import nearest_rows


class Counted:
    """Blocks of 50 rows, which count how many of them are in memory."""

    def __init__(self, vectors):
        self.vectors, self.alive, self.most, self.lock = vectors, 0, 0, threading.Lock()

    def change(self, by):
        with self.lock:
            self.alive += by
            self.most = max(self.most, self.alive)

    def tasks(self):
        class Block(RowBlock):
            def __del__(block):
                self.change(-1)

        def read(begin):
            self.change(1)
            vectors = self.vectors[begin : begin + 50].copy()
            rows = np.arange(begin, begin + len(vectors))
            paths = pa.chunked_array([[f'{row // 3}.mp4' for row in rows]])
            return Block(rows, vectors, rows // 3, paths, 'part: ')

        return (lambda begin=begin: read(begin) for begin in range(0, len(self.vectors), 50))


@pytest.mark.parametrize('workers', [1, 3])
def test_no_more_blocks_are_in_memory_than_workers_and_results_are_those_of_one_block(draw, workers):
    vectors = draw(1000)
    rows = np.arange(len(vectors))
    paths = pa.chunked_array([[f'{row // 3}.mp4' for row in rows]])
    whole = [lambda: RowBlock(rows, vectors.copy(), rows // 3, paths)]
    for by_video, own in ((False, None), (True, OwnVideos('/', ['0.mp4', '333.mp4', '0.mp4']))):
        counted = Counted(vectors)
        options = dict(by_video=by_video, own=own, workers=workers)
        found = nearest_rows(vectors[[0, 999, 6]], counted.tasks(), 12, **options)
        assert counted.most <= workers
        assert counted.alive == 0
        expected = nearest_rows(vectors[[0, 999, 6]], whole, 12, **options)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert found.counts(3).tolist() == [12, 12, 12]


def test_few_pairs_are_ranked_one_by_one_and_queries_are_tiled(draw, monkeypatch):
    """Also where every row of a video or block is barred or ties."""
    vectors, sizes = draw(1000), []
    decide = best_rows.decide
    monkeypatch.setattr(best_rows, 'decide', lambda *args: sizes.append(len(args[3])) or decide(*args))
    found = nearest_rows(vectors[:40], Counted(vectors).tasks(), 5, by_video=False, own=None, workers=1)
    assert sum(sizes) < 40 * 5 * 20  # of 120,000 pairs
    monkeypatch.setattr(streamed, 'BLOCK_BYTES', 4 * 50 * 7)  # seven queries at a time
    tiled = nearest_rows(vectors[:40], Counted(vectors).tasks(), 5, by_video=False, own=None, workers=1)
    np.testing.assert_array_equal(tiled.row, found.row)
    same = np.ones((200, 24), np.float32)
    ties = nearest_rows(
        same[:2], Counted(same).tasks(), 4, by_video=True, own=OwnVideos('/', ['0.mp4', 'x']), workers=2
    )
    assert ties.row.tolist() == [3, 6, 9, 12, 0, 3, 6, 9]


def test_own_rows_that_float32_cannot_tell_from_others_rule_out_none():
    """As of a collapsed network: float64 sifts."""
    vectors = (1 + 1e-6 * np.random.default_rng(0).standard_normal((200, 24))).astype(np.float32)
    own = OwnVideos('/', ['0.mp4'])
    found = nearest_rows(vectors[:1], Counted(vectors).tasks(), 1, by_video=False, own=own, workers=1)
    every = nearest_rows(vectors[:1], Counted(vectors).tasks(), 200, by_video=False, own=None, workers=1)
    assert found.row.tolist() == [row for row in every.row.tolist() if row > 2][:1]


def test_a_row_without_a_cosine_is_named_with_its_parts(draw, write_parts, tmp_path):
    vectors = draw(20)
    for wrong, name in ((0.0, 'zero'), (np.nan, 'nan')):
        vectors[47] = wrong
        folder = write_parts(tmp_path / name, vectors)
        words = r'parts/000000\.parquet to 000003\.parquet: row 47 is zero or not finite.*Remedy'
        with pytest.raises(SearchError, match=words):
            search(folder, 0)
        with pytest.raises(SearchError, match=r'47: its vector is zero or not finite.*Remedy'):
            search(folder, 47)


def test_an_error_of_one_block_ends_the_search_and_leaves_no_thread(draw):
    numbers, before = count(), threading.active_count()

    def read():
        if next(numbers) == 3:
            raise OSError('gone')
        return next(Counted(draw(10)).tasks())()

    with pytest.raises(OSError, match='gone'):
        nearest_rows(draw(1)[:1], (read for _ in range(1000)), 5, by_video=True, own=None, workers=2)
    assert next(numbers) < 30
    assert threading.active_count() == before
