"""The rows of one video, and those of several joined."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta, Failure


class VideoRows(NamedTuple):
    """The rows of one video, by rising start."""

    starts: npt.NDArray[np.float64]
    """(n,) seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) seconds."""
    vectors: npt.NDArray[np.float32]
    """(n, C)"""
    stretched: bool
    """Whether the video is shorter than a clip, so that frames repeat."""


def joined(
    done: Mapping[str, VideoRows],
    labels: Mapping[str, str | None],
    meta: EmbeddingsMeta,
    failures: Iterable[Failure] = (),
) -> Embeddings:
    """All rows, in the order of `labels`, which has every video, also those that failed."""
    order = [path for path in labels if path in done]
    counts = [len(done[path].starts) for path in order]
    column = np.empty(sum(counts), object)
    column[:] = [labels[path] for path, count in zip(order, counts, strict=True) for _ in range(count)]
    rows = [done[path] for path in order]
    return Embeddings(
        paths=np.repeat(np.array(order, np.str_), counts),
        starts=np.concatenate([row.starts for row in rows]) if rows else np.empty(0),
        ends=np.concatenate([row.ends for row in rows]) if rows else np.empty(0),
        labels=column,
        vectors=np.concatenate([row.vectors for row in rows]) if rows else np.empty((0, 0), np.float32),
        meta=meta,
        failures=tuple(failures),
    )
