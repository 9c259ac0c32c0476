"""Find the clips nearest to a query, which is a row of the collection or another video."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.embeddings import Embeddings
from cmvl_mm.web.collection import Clip, Collection, Rows
from cmvl_mm.web.errors import BadRequest

Vectors = npt.NDArray[np.float32]


class Neighbour(NamedTuple):
    """A clip and its similarity to the query."""

    clip: Clip
    similarity: float
    """Cosine, -1 to 1."""


class Nearest(Protocol):
    """A method that ranks the rows of a collection."""

    channels: int
    """Number of channels of the vectors."""

    def vector(self, row: int) -> Vectors:
        """(C,) vector of a row."""

    def rows(self, vector: Vectors, k: int, label: int | None, apart_from: int | None) -> list[tuple[int, float]]:
        """The k nearest rows and their cosines, nearest first; all rows if there are fewer.

        Args:
            vector: (C,) vector of the query.
            k: number of rows.
            label: only rows with the label of this number.
            apart_from: only rows of other videos than the video of this row.

        Raises:
            BadRequest: the label does not exist.
        """


class Similar:
    """Search by cosine.

    Args:
        collection: collection to search.
        nearest: search method.
        embed_video: video -> (m, C), one vector per clip, with the network that made the collection's vectors. One
            thread at a time calls it.
    """

    def __init__(self, collection: Collection, nearest: Nearest, embed_video: Callable[[Path], Vectors]) -> None:
        self.collection = collection
        self._nearest = nearest
        self._embed_video = embed_video
        self._network = Lock()

    def to_row(self, row: int, k: int, label: int | None, other_videos: bool) -> list[Neighbour]:
        """The k clips nearest to a row, without the row itself, nearest first.

        Args:
            row: row of the collection.
            k: number of clips; all if there are fewer.
            label: only clips with the label of this number.
            other_videos: only clips of other videos.

        Raises:
            BadRequest: the row or label does not exist.
        """
        self.collection.clip(row)
        vector = self._nearest.vector(row)
        if other_videos:
            return self._told(self._nearest.rows(vector, k, label, apart_from=row))
        found = self._nearest.rows(vector, k + 1, label, apart_from=None)  # the row itself may be among them
        return self._told([one for one in found if one[0] != row][:k])

    def to_video(self, path: Path, k: int, label: int | None) -> list[Neighbour]:
        """The k clips nearest to the mean of a video's vectors, nearest first.

        Raises:
            VideoError: the video cannot be read, or is too short.
            BadRequest: the label does not exist.
        """
        vector = self.vector_of(path)
        if len(vector) != self._nearest.channels:
            raise BadRequest(
                f'the query has {len(vector)} channels, but the features file has {self._nearest.channels}'
            )
        return self._told(self._nearest.rows(vector, k, label, apart_from=None))

    def vector_of(self, path: Path) -> Vectors:
        """(C,) mean of a video's vectors."""
        with self._network:
            return np.asarray(self._embed_video(path), np.float32).mean(axis=0)

    def _told(self, found: list[tuple[int, float]]) -> list[Neighbour]:
        return [Neighbour(self.collection.clip(row), similarity) for row, similarity in found]


class ExactNearest:
    """Search that compares every row; see `Nearest`.

    Args:
        collection: collection with the rows' vectors in memory.
    """

    def __init__(self, collection: Collection) -> None:
        if not isinstance(collection.found, Embeddings):
            raise TypeError('rows without vectors need an index')
        self._collection = collection
        self._vectors = collection.found.vectors
        self.channels: int = self._vectors.shape[1]

    def vector(self, row: int) -> Vectors:
        """See `Nearest`."""
        return self._vectors[row]

    def rows(self, vector: Vectors, k: int, label: int | None, apart_from: int | None) -> list[tuple[int, float]]:
        """See `Nearest`."""
        from cmvl_mm.evaluation.search import nearest  # loads torch

        rows: Rows = self._collection.with_label(label)
        if apart_from is not None:
            rows = self._collection.of_other_videos(rows, apart_from)
        if not len(rows):
            return []
        gallery = self._vectors if len(rows) == len(self._vectors) else self._vectors[rows]
        found = nearest(vector[None], gallery, k)
        return list(zip(rows[found.rows[0]].tolist(), found.similarity[0].tolist(), strict=True))
