"""The clips of a features file for the page: by row number, by label, in random order, by video."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.clip_search.told_rows import ToldRows
from cmvl_mm.embedding.embeddings import Embeddings
from cmvl_mm.web.errors import BadRequest

Rows = npt.NDArray[np.int64]


class Clip(NamedTuple):
    """One row of the features file."""

    row: int
    path: str
    """Path as in the features file."""
    label: str | None
    start: float
    """Time of the first frame in seconds."""
    end: float
    """Time in seconds at which the last frame ends."""

    @property
    def name(self) -> str:
        """The video's file name."""
        return self.path.rpartition('/')[2]


class Video(NamedTuple):
    """One video of the collection."""

    row: int
    """Row of the first clip, by which the page requests the video."""
    path: str
    clips: int


class Page(NamedTuple):
    """Some rows of a longer list."""

    rows: Rows
    number: int
    """Page number, counted from 0."""
    pages: int


class Collection:
    """Rows of a features file or folder. Requests contain only row numbers and label numbers.

    Args:
        found: the rows.
    """

    def __init__(self, found: Embeddings | ToldRows) -> None:
        self.found = found
        self.root = Path(found.meta.root)
        names = sorted({label for label in found.labels if label is not None})
        number_of: dict[str | None, int] = {name: number for number, name in enumerate(names)}
        self.label_numbers = np.array([number_of.get(label, -1) for label in found.labels], np.int64)
        """(n,) positions in `labels`, -1 for rows without a label."""
        counts = np.bincount(self.label_numbers[self.label_numbers >= 0], minlength=len(names))
        self.labels = [(name, int(count)) for name, count in zip(names, counts, strict=True)]
        """Name and number of rows of each label, sorted by name."""
        paths, first, self.video_numbers, clips = np.unique(
            found.paths, return_index=True, return_inverse=True, return_counts=True
        )
        self._videos = [Video(int(r), str(p), int(c)) for p, r, c in zip(paths, first, clips, strict=True)]
        self._folded = [video.path.casefold() for video in self._videos]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def num_videos(self) -> int:
        """Number of videos that have a row."""
        return len(self._videos)

    def clip(self, row: int) -> Clip:
        """The clip of a row.

        Raises:
            BadRequest: the row does not exist.
        """
        if not 0 <= row < len(self):
            raise BadRequest(f'row {row}: the features file has rows 0 to {len(self) - 1}', 404)
        found = self.found
        start, end = float(found.starts[row]), float(found.ends[row])
        return Clip(row, str(found.paths[row]), found.labels[row], start, end)

    def file(self, row: int) -> Path:
        """The video file of a row.

        Raises:
            BadRequest: the row does not exist.
        """
        return self.root / self.clip(row).path

    def with_label(self, label: int | None) -> Rows:
        """Rows with the label of this number; all rows for None.

        Raises:
            BadRequest: the label does not exist.
        """
        if label is None:
            return np.arange(len(self))
        if not 0 <= label < len(self.labels):
            raise BadRequest(f'label {label}: the features file has {len(self.labels)} labels', 404)
        return np.flatnonzero(self.label_numbers == label)

    def of_other_videos(self, rows: Rows, row: int) -> Rows:
        """The rows of `rows` that are clips of other videos than the video of `row`."""
        return rows[self.video_numbers[rows] != self.video_numbers[row]]

    def browse(self, seed: int, number: int, size: int, label: int | None) -> Page:
        """A page of all rows in random order; the same seed gives the same order."""
        rows = self.with_label(label)
        pages = max(1, -(-len(rows) // size))
        number = min(number, pages - 1)
        order = np.random.default_rng(seed).permutation(len(rows))[number * size : (number + 1) * size]
        return Page(rows[order], number, pages)

    def videos(self, text: str, limit: int) -> tuple[list[Video], int]:
        """The first videos, by path, whose path contains the text in any case, and the number of all such videos."""
        wanted = text.casefold()
        found = [video for video, path in zip(self._videos, self._folded, strict=True) if wanted in path]
        return found[:limit], len(found)
