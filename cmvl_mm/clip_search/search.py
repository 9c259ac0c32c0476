"""The clips or videos most like a query, in what `embed` wrote: `cmvl_mm.search` and `cmvl search`."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.clip_search.row_blocks import InMemory, RowBlock, Rows
from cmvl_mm.clip_search.stored_rows import open_rows
from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsError, Failure
from cmvl_mm.evaluation.search import nearest


class SearchError(ValueError):
    """A query that cannot be searched for; with the remedy."""


class Match(NamedTuple):
    """One result."""

    rank: int
    """From 1."""
    cosine: float
    path: str
    """As in the file, relative to its `meta.root`."""
    start: float
    """Seconds."""
    end: float
    label: str | None
    row: int
    """Of the file or folder."""


def search(
    features: Embeddings | str | Path,
    query: int | str | Path,
    k: int = 10,
    *,
    clips: bool = False,
    others: bool = False,
    model: str | Path | None = None,
    device: str = 'cpu',
) -> list[Match]:
    """What is most like a query, nearest first.

    A query by row is that clip's vector. A query by video is embedded by the weights and settings of the file; its
    vector is the mean of its clips' vectors, as retrieval compares videos.

    Args:
        features: what `embed` returned, its file, or the folder of `embed_folder`, of which few parts are in memory at
            a time.
        query: a row number, from 0; or a video.
        k: how many; all that there are, if they are fewer.
        clips: every clip is a result of its own; by default a video comes once, with its nearest clip.
        others: leave out the query's own video: that of the row, or the rows of the very file that is the query.
        model: where the weights that made the file are now; None looks where they were.
        device: of the network.

    Raises:
        SearchError: there is no such row, the video cannot be read, or nothing is left to search.
        EmbeddingsError: the file holds no embeddings, or its weights are not at hand or are others.
        FileNotFoundError: there is no such file.
    """
    rows = InMemory(features) if isinstance(features, Embeddings) else open_rows(features)
    if k < 1:
        raise SearchError(f'k={k} must be at least 1.')
    own: Callable[[str], bool] | None
    if isinstance(query, (int, np.integer)):
        if not 0 <= query < len(rows):
            raise SearchError(f'row {query}: there are rows 0 to {len(rows) - 1}. Remedy: one of them, or a video.')
        block = rows.block_of(int(query))
        vector, path = block.vectors[query - block.begin], block.row(int(query) - block.begin).path
        own = path.__eq__
    else:
        vector = _vector_of(rows, query, model, device)
        own = partial(_is_same_file, Path(rows.meta.root), Path(query))
    best: list[Match] = []
    for block in rows.blocks():
        places = _places(block, own) if others else np.arange(len(block.vectors))
        if len(places):
            best = _merged(best, _matches(block, places, vector, k, clips, query), k)
    if not best:
        raise SearchError(f'{query}: no other video to search. Remedy: embed more videos into one file.')
    return [
        match._replace(rank=rank, cosine=min(1.0, max(-1.0, match.cosine))) for rank, match in enumerate(best, start=1)
    ]


def _vector_of(rows: Rows, query: str | Path, model: str | Path | None, device: str) -> npt.NDArray[np.float32]:
    """(C,) of a video."""
    if not Path(query).is_file():  # before the network is loaded
        raise SearchError(f'{query}: there is no such video. Remedy: the path of a video, or a row number.')
    from cmvl_mm.embedding.network import load_network_of
    from cmvl_mm.embedding.one_video import embed_video  # loads MMAction2, which a query by row can do without

    network = load_network_of(rows.meta, model, device=device)
    found = embed_video(query, network)
    if isinstance(found, Failure):
        raise SearchError(f'{found.path}: {found.stage}: {found.reason}. Remedy: {found.remedy}.')
    if len(rows) and found.vectors.shape[1] != (width := rows.block_of(0).vectors.shape[1]):
        raise EmbeddingsError(
            f'{query}: {found.vectors.shape[1]} channels, and the rows have {width}. Remedy: embed the videos again.'
        )
    return found.vectors.mean(axis=0)


def _is_same_file(root: Path, query: Path, name: str) -> bool:
    """Whether the video of that name is the very file that is the query."""
    if os.path.basename(name) != query.name:
        return False
    try:
        return os.path.samefile(root / name, query)
    except OSError:  # no longer there
        return False


def _places(block: RowBlock, own: Callable[[str], bool]) -> npt.NDArray[np.int64]:
    """Rows of a block that are not of the query's own video."""
    others = np.array([not own(name) for name in block.names], bool)
    return np.flatnonzero(others[block.videos])


def _matches(
    block: RowBlock,
    places: npt.NDArray[np.int64],
    vector: npt.NDArray[np.float32],
    k: int,
    clips: bool,
    query: object,
) -> list[Match]:
    """The k nearest of some rows of a block; each video once, or each clip. Without ranks."""
    most = 1 if clips else int(np.bincount(block.videos[places]).max())
    gallery = block.vectors if len(places) == len(block.vectors) else block.vectors[places]
    try:  # whatever the order, so many rows hold k videos, if there are k
        nearby = nearest(vector[None], gallery, min(len(places), k * most))
    except ValueError as error:
        raise SearchError(f'{block.where}{query}: {error}') from error
    matches: list[Match] = []
    seen: set[int] = set()
    for place, cosine in zip(places[nearby.rows[0]].tolist(), nearby.similarity[0].tolist(), strict=True):
        video = int(block.videos[place])
        if len(matches) == k or (not clips and video in seen):
            continue
        seen.add(video)
        matches.append(Match(0, cosine, *block.row(place), block.begin + place))
    return matches


def _merged(best: list[Match], new: list[Match], k: int) -> list[Match]:
    """The k best of both; ties go to the lower row, as in `nearest`."""
    return sorted([*best, *new], key=lambda match: (-match.cosine, match.row))[:k]
