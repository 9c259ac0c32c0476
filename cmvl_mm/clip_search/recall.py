"""Recall of an index against the exact search."""

import numpy as np

from cmvl_mm.clip_search.best_rows import Best
from cmvl_mm.clip_search.row_blocks import Numbers


def sample_rows(rows: int, queries: int) -> Numbers:
    """Row numbers of `queries` rows, or of all, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, rows - 1, min(rows, queries)).astype(np.int64))


def recall_at(found: Best, exact: Best, sample: Numbers, k: int) -> float:
    """Mean share of the exact k nearest rows that were found; 1 if there are none.

    A row that reaches the cosine of the exact k-th row counts as correct, even if another row ties with it. The row
    whose vector is the query does not count: every index finds it.

    Args:
        found, exact: at least the k + 1 best rows of each query, or all if there are fewer.
        sample: (q,) rows that are the queries.
        k: number of nearest rows that count.
    """
    shares = []
    for number, row in enumerate(sample.tolist()):
        theirs, right = (best.cosine[(best.query == number) & (best.row != row)][:k] for best in (found, exact))
        if len(right):
            shares.append((theirs >= right[-1]).sum() / len(right))
    return float(np.mean(shares)) if shares else 1.0
