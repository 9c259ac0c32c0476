"""All rows of a folder without vectors, in memory, to show the rows that an index finds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import Row
from cmvl_mm.embedding.embeddings import EmbeddingsMeta


@dataclass(frozen=True, eq=False)
class ToldRows:
    """`Embeddings` without vectors: about 40 bytes per row, plus 4 for each character of the longest path."""

    paths: npt.NDArray[np.str_]
    """(n,) paths of the videos."""
    starts: npt.NDArray[np.float64]
    """(n,) starts of the clips in seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) ends of the clips in seconds."""
    labels: npt.NDArray[np.object_]
    """(n,) labels, str, or None without a label."""
    meta: EmbeddingsMeta

    def __len__(self) -> int:
        return len(self.paths)


def read_told(parts: Parts) -> ToldRows:
    """Read the rows of a folder of parts without reading vectors.

    Raises:
        EmbeddingsError: a part is damaged.
    """
    table = parts.columns(Row._fields)
    labels = np.empty(len(table), object)
    labels[:] = table.column('label').to_pylist()
    return ToldRows(
        paths=np.array(table.column('path').to_pylist(), np.str_),
        starts=table.column('start').to_numpy(),
        ends=table.column('end').to_numpy(),
        labels=labels,
        meta=parts.meta,
    )
