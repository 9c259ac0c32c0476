"""The clips nearest to a query: a row of the collection, or a video from outside."""

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
    """One clip and how near it is."""

    clip: Clip
    similarity: float
    """Cosine, -1 to 1."""


class Nearest(Protocol):
    """What ranks the rows of a collection."""

    channels: int
    """Of the vectors."""

    def vector(self, row: int) -> Vectors:
        """(C,) of a row."""

    def rows(self, vector: Vectors, k: int, label: int | None, apart_from: int | None) -> list[tuple[int, float]]:
        """The k nearest rows and their cosines, nearest first; all that there are, if they are fewer.

        Args:
            vector: (C,)
            k: how many.
            label: only rows with the label of this number.
            apart_from: only rows of other videos than that of this row.

        Raises:
            BadRequest: there is no such label.
        """


class Similar:
    """Search by cosine.

    Args:
        collection: what is searched.
        nearest: how.
        embed_video: a video -> (m, C), one vector a clip, by the network that made the collection's vectors. Called by
            one thread at a time.
    """

    def __init__(self, collection: Collection, nearest: Nearest, embed_video: Callable[[Path], Vectors]) -> None:
        self.collection = collection
        self._nearest = nearest
        self._embed_video = embed_video
        self._network = Lock()

    def to_row(self, row: int, k: int, label: int | None, other_videos: bool) -> list[Neighbour]:
        """The k clips nearest to a row, without the row itself, nearest first.

        Args:
            row: of the collection.
            k: how many; all that there are, if they are fewer.
            label: only clips with the label of this number.
            other_videos: only clips of other videos.

        Raises:
            BadRequest: there is no such row or label.
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
            BadRequest: there is no such label.
        """
        vector = self.vector_of(path)
        if len(vector) != self._nearest.channels:
            raise BadRequest(f'the query has {len(vector)} channels and the features file {self._nearest.channels}')
        return self._told(self._nearest.rows(vector, k, label, apart_from=None))

    def vector_of(self, path: Path) -> Vectors:
        """(C,), the mean of a video's vectors."""
        with self._network:
            return np.asarray(self._embed_video(path), np.float32).mean(axis=0)

    def _told(self, found: list[tuple[int, float]]) -> list[Neighbour]:
        return [Neighbour(self.collection.clip(row), similarity) for row, similarity in found]


class ExactNearest:
    """Every row is compared; `Nearest` says what the parts are.

    Args:
        collection: of rows with their vectors, in memory.
    """

    def __init__(self, collection: Collection) -> None:
        if not isinstance(collection.found, Embeddings):
            raise TypeError('rows without vectors need an index')
        self._collection = collection
        self._vectors = collection.found.vectors
        self.channels: int = self._vectors.shape[1]

    def vector(self, row: int) -> Vectors:
        """As `Nearest` says."""
        return self._vectors[row]

    def rows(self, vector: Vectors, k: int, label: int | None, apart_from: int | None) -> list[tuple[int, float]]:
        """As `Nearest` says."""
        from cmvl_mm.evaluation.search import nearest  # loads torch

        rows: Rows = self._collection.with_label(label)
        if apart_from is not None:
            rows = self._collection.of_other_videos(rows, apart_from)
        if not len(rows):
            return []
        gallery = self._vectors if len(rows) == len(self._vectors) else self._vectors[rows]
        found = nearest(vector[None], gallery, k)
        return list(zip(rows[found.rows[0]].tolist(), found.similarity[0].tolist(), strict=True))
