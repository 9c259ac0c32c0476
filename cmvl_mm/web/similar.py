"""The clips nearest to a query: a row of the collection, or a video from outside."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.web.collection import Clip, Collection, Rows
from cmvl_mm.web.errors import BadRequest

Vectors = npt.NDArray[np.float32]


class Neighbour(NamedTuple):
    """One clip and how near it is."""

    clip: Clip
    similarity: float
    """Cosine, -1 to 1."""


class Similar:
    """Exact search by cosine.

    Args:
        collection: what is searched.
        embed_video: a video -> (m, C), one vector a clip, by the network that made the collection's vectors. Called by
            one thread at a time.
    """

    def __init__(self, collection: Collection, embed_video: Callable[[Path], Vectors]) -> None:
        self.collection = collection
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
        rows = self.collection.with_label(label)
        rows = self.collection.of_other_videos(rows, row) if other_videos else rows[rows != row]
        return self._nearest(self.collection.found.vectors[row], rows, k)

    def to_video(self, path: Path, k: int, label: int | None) -> list[Neighbour]:
        """The k clips nearest to the mean of a video's vectors, nearest first.

        Raises:
            VideoError: the video cannot be read, or is too short.
            BadRequest: there is no such label.
        """
        rows = self.collection.with_label(label)
        return self._nearest(self.vector_of(path), rows, k)

    def vector_of(self, path: Path) -> Vectors:
        """(C,), the mean of a video's vectors."""
        with self._network:
            return np.asarray(self._embed_video(path), np.float32).mean(axis=0)

    def _nearest(self, vector: Vectors, rows: Rows, k: int) -> list[Neighbour]:
        from cmvl_mm.evaluation.search import nearest  # loads torch

        if not len(rows):
            return []
        vectors = self.collection.found.vectors
        if len(vector) != vectors.shape[1]:
            raise BadRequest(f'the query has {len(vector)} channels and the features file {vectors.shape[1]}')
        gallery = vectors if len(rows) == len(vectors) else vectors[rows]
        found = nearest(vector[None], gallery, k)
        return [
            Neighbour(self.collection.clip(int(rows[place])), float(similarity))
            for place, similarity in zip(found.rows[0], found.similarity[0], strict=True)
        ]
