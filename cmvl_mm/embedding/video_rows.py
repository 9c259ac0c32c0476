"""The rows of one video, and how rows of several are joined."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta, Failure


class VideoRows(NamedTuple):
    """The rows of one video, sorted by start."""

    starts: npt.NDArray[np.float64]
    """(n,) start of each clip in seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) end of each clip in seconds."""
    vectors: npt.NDArray[np.float32]
    """(n, C) feature vectors."""
    stretched: bool
    """Whether the video is shorter than a clip, so that frames are repeated."""


def joined(
    done: Mapping[str, VideoRows],
    labels: Mapping[str, str | None],
    meta: EmbeddingsMeta,
    failures: Iterable[Failure] = (),
) -> Embeddings:
    """Join all rows in the order of `labels`, which contains every video, including those that failed."""
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
