"""Leave out the query's own video: the video of the query row, or the rows of the query file."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.row_blocks import Numbers
from cmvl_mm.clip_search.row_filter import names_of


class OwnVideos:
    """Finds the rows that belong to the queries' own videos.

    Args:
        root: root of the rows' paths.
        queries: for each query the path of its row, or the video file.
    """

    def __init__(self, root: Path, queries: Sequence[str | Path]) -> None:
        self._root = root
        self._rows: dict[str, list[int]] = defaultdict(list)
        self._files: dict[str, list[tuple[int, Path]]] = defaultdict(list)
        for number, query in enumerate(queries):
            if isinstance(query, Path):
                self._files[query.name].append((number, query))
            else:
                self._rows[query].append(number)

    def pairs(self, paths: pa.ChunkedArray) -> Numbers:
        """(m, 2), query and position of each row that the query may not find.

        Args:
            paths: (n,) paths of the rows.
        """
        names, places = names_of(paths)
        found = [np.empty((0, 2), np.int64)]
        for number, name in enumerate(names):
            for query in self._queries_of(name):
                own = np.flatnonzero(places == number)
                found.append(np.stack([np.full(len(own), query), own], axis=1))
        return np.concatenate(found)

    def _queries_of(self, name: str) -> list[int]:
        found = list(self._rows.get(name, ()))
        for query, file in self._files.get(os.path.basename(name), ()):
            try:
                if os.path.samefile(self._root / name, file):
                    found.append(query)
            except OSError:  # the file no longer exists
                continue
        return found
