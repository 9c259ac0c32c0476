"""The k nearest rows of many queries; several cores read and search blocks in bounded memory.

`cosine_of_pairs` computes cosines in float64, as in `evaluation/exact_search.py`, which preselects rows of each block.
So results depend on neither blocks nor threads; ties go to the lower row.
"""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from cmvl_mm.clip_search.best_rows import NOTHING, Best, Floats, joined, kept, ranked
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.row_blocks import BLOCK_BYTES, RowBlock, Task
from cmvl_mm.evaluation.cosine import l2_normalise
from cmvl_mm.evaluation.sifting import full_precision, loosened, passing


def nearest_rows(
    query: npt.NDArray, tasks: Iterable[Task], k: int, *, by_video: bool, own: OwnVideos | None, workers: int
) -> Best:
    """The k best rows of each query, or the best row of each of the k best videos.

    At most `workers` blocks are in memory at a time.

    Args:
        query: (q, C) vectors.
        tasks: functions that read the blocks.
        k: number of results per query, or fewer if there are fewer rows.
        by_video: whether each video appears only once.
        own: rows that a query may not find.
        workers: number of threads.

    Raises:
        SearchError: a vector is zero or not finite; names the row and its file.
    """
    exact = l2_normalise(query)
    search = _Search(exact, torch.from_numpy(exact.astype(np.float32)), k, by_video, own)
    threads, left, running = torch.get_num_threads(), iter(tasks), deque[Future[Best]]()
    with full_precision(), ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            running.extend(pool.submit(search.of_task, task) for task in islice(left, 2 * workers))
            while running:
                search.add(running.popleft().result())
                running.extend(pool.submit(search.of_task, task) for task in islice(left, 1))
        finally:
            for future in running:
                future.cancel()
            pool.shutdown()
            torch.set_num_threads(threads)  # for later threads: the threads of the pool have changed it as well
    return search.best


class _Search:
    """The best rows so far, and the cosines that later rows must exceed."""

    def __init__(self, query: Floats, loose: torch.Tensor, k: int, by_video: bool, own: OwnVideos | None) -> None:
        self.best = NOTHING
        self._query, self._loose, self._k, self._by_video, self._own = query, loose, k, by_video, own
        self._floor = self.best.kth(k, len(query))  # replaced, never changed in place: threads read it

    def add(self, new: Best) -> None:
        if len(new.row):
            self.best = kept(joined([self.best, new]), self._k, self._by_video)
            self._floor = self.best.kth(self._k, len(self._query))

    def of_task(self, task: Task) -> Best:
        block = task()
        if not len(block.rows):
            return NOTHING
        try:
            return self._of_block(block)
        except ValueError as error:
            raise SearchError(f'{block.where}{error}') from error

    def _of_block(self, block: RowBlock) -> Best:
        """Rows of a block that may be among the k best."""
        loose_block, lengths = loosened(block.vectors, block.rows)
        barred = None if self._own is None else self._own.pairs(block.paths)
        most = int(np.unique(block.videos, return_counts=True)[1].max()) if self._by_video else 1
        step, found = max(1, BLOCK_BYTES // (4 * len(block.rows))), list[Best]()
        for begin in range(0, len(self._query), step):
            tile = slice(begin, begin + step)
            similarity = (self._loose[tile] @ loose_block.T).div_(lengths)
            if barred is not None:
                here = barred[(barred[:, 0] >= begin) & (barred[:, 0] < begin + step)]
                similarity[here[:, 0] - begin, here[:, 1]] = -torch.inf
            floor = torch.from_numpy(self._floor[tile])
            # in any order, k times as many rows as a video has contain k videos, if there are k
            passed = passing(similarity, self._query[tile], block.vectors, block.rows, floor, self._k * most)
            passed &= similarity > -torch.inf
            found.append(
                ranked(self._query, block, passed.nonzero().numpy() + np.array([begin, 0]), self._k, self._by_video)
            )
        return joined(found)
