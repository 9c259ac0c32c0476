"""Several threads search one index at once, each with a filter of its own, as the web page's do."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

from cmvl_mm.clip_search.indexes import open_index
from cmvl_mm.clip_search.row_filter import EVERY_ROW, RowFilter

LANCE = pytest.mark.skipif(not find_spec('lancedb'), reason="needs LanceDB: pip install 'cmvl_mm[lance]'")
FILTERS = [EVERY_ROW, RowFilter(label='run'), RowFilter(label="it's"), RowFilter(path='cam1/*')]


class Between(RowFilter):
    """A filter; while it is compared with the last one, another thread has its turn."""

    @staticmethod
    def turn():
        pass

    def __eq__(self, other):
        turn, Between.turn = Between.turn, lambda: None  # once, and not in the other thread's own turn
        turn()
        return super().__eq__(other)

    __hash__ = RowFilter.__hash__


def test_a_filter_of_another_thread_in_between_is_not_taken(folder, monkeypatch):
    index = open_index(folder, 'ivf').index
    mine, other = Between(label='run'), RowFilter(path='cam1/*')
    alone = index.passing(mine)
    assert alone != index.passing(other)
    query = np.eye(1, index.channels, dtype=np.float32)
    proposed, _ = index.propose(query, 1000, 100.0, mine)
    assert len(proposed) == alone
    with ThreadPoolExecutor(1) as thread:
        for ask in (lambda: index.passing(mine), lambda: len(index.propose(query, 1000, 100.0, mine)[0])):
            assert index.passing(mine) == alone  # the last one
            monkeypatch.setattr(Between, 'turn', lambda: thread.submit(index.passing, other).result(timeout=60))
            assert ask() == alone


@pytest.mark.parametrize('kind', ['ivf', pytest.param('lance', marks=LANCE)])
def test_threads_find_what_each_finds_alone(folder, kind):
    engine = open_index(folder, kind)
    queries = engine.vectors_at(np.arange(0, len(engine), 75))

    def found(number):
        best = engine.nearest(
            queries[number % len(queries)][None], 20, by_video=True, where=FILTERS[number % len(FILTERS)], own=None
        )
        return best.row.tolist(), best.cosine.tolist()

    turns = range(32)
    alone = [found(number) for number in turns]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(found, turns)) == alone
