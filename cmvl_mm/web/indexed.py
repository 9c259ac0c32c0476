"""Find the clips nearest to a query with an index next to the parts, without vectors in memory."""

from pathlib import Path

import numpy as np

from cmvl_mm.clip_search.indexes import open_index
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.clip_search.stored_rows import open_parts
from cmvl_mm.clip_search.told_rows import read_told
from cmvl_mm.web.collection import Collection
from cmvl_mm.web.similar import Vectors


class IndexedNearest:
    """Search in which an index proposes rows and the exact cosine ranks them; see `similar.Nearest`.

    Args:
        features: the folder of parts.
        kind: kind of the index built by `build_index`: 'ivf' or 'lance'.

    Raises:
        SearchError: the index is missing, damaged, or belongs to other parts.
        FileNotFoundError: the folder does not exist.
        EmbeddingsError: parts are missing or damaged.
        ModuleNotFoundError: the index's library is not installed.
    """

    def __init__(self, features: Path, kind: str) -> None:
        self._engine = open_index(features, kind)
        self.channels: int = self._engine.channels
        parts = open_parts(features)
        assert parts is not None  # an index belongs to parts
        self.collection = Collection(read_told(parts))
        """The rows without vectors."""

    def vector(self, row: int) -> Vectors:
        """See `Nearest`."""
        return self._engine.vectors_at(np.array([row]))[0]

    def rows(self, vector: Vectors, k: int, label: int | None, apart_from: int | None) -> list[tuple[int, float]]:
        """See `Nearest`."""
        collection = self.collection
        collection.with_label(label)  # refuses an unknown label number
        where = RowFilter(label=None if label is None else collection.labels[label][0])
        own = None if apart_from is None else OwnVideos(collection.root, [collection.clip(apart_from).path])
        best = self._engine.nearest(vector[None], k, by_video=False, where=where, own=own)
        cosines = np.clip(best.cosine, -1, 1)
        return list(zip(best.row.tolist(), cosines.tolist(), strict=True))
