"""The clips or videos most like a query, in a file of embeddings: `cmvl_mm.search` and `cmvl search`."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.evaluation.search import nearest
from cmvl_mm.workflows.embeddings import Embeddings, EmbeddingsError, Failure, read_embeddings


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
    """Of the file."""


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
        features: what `embed` returned, or its file.
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
    found = features if isinstance(features, Embeddings) else read_embeddings(features)
    if k < 1:
        raise SearchError(f'k={k} must be at least 1.')
    if isinstance(query, (int, np.integer)):
        if not 0 <= query < len(found):
            raise SearchError(f'row {query}: there are rows 0 to {len(found) - 1}. Remedy: one of them, or a video.')
        vector = found.vectors[query]
        own = str(found.paths[query]) if others else None
    else:
        vector = _vector_of(found, query, model, device)
        own = _name_in(found, Path(query)) if others else None
    rows = np.flatnonzero(found.paths != own) if own is not None else np.arange(len(found))
    if not len(rows):
        raise SearchError(f'{query}: no other video to search. Remedy: embed more videos into one file.')
    try:
        return _matches(found, rows, vector, k, clips)
    except ValueError as error:
        raise SearchError(f'{query}: {error}') from error


def _vector_of(found: Embeddings, query: str | Path, model: str | Path | None, device: str) -> npt.NDArray[np.float32]:
    """(C,) of a video."""
    if not Path(query).is_file():  # before the network is loaded
        raise SearchError(f'{query}: there is no such video. Remedy: the path of a video, or a row number.')
    from cmvl_mm.workflows.embed_video import embed_video  # loads MMAction2, which a query by row can do without
    from cmvl_mm.workflows.network import load_network_of

    network = load_network_of(found.meta, model, device=device)
    rows = embed_video(query, network)
    if isinstance(rows, Failure):
        raise SearchError(f'{rows.path}: {rows.stage}: {rows.reason}. Remedy: {rows.remedy}.')
    if rows.vectors.shape[1] != found.vectors.shape[1]:
        raise EmbeddingsError(
            f'{query}: {rows.vectors.shape[1]} channels, and the rows have {found.vectors.shape[1]}. '
            'Remedy: embed the videos again.'
        )
    return rows.vectors.mean(axis=0)


def _name_in(found: Embeddings, query: Path) -> str | None:
    """The path by which the same file is among the rows; None where it is not."""
    root = Path(found.meta.root)
    for name in {str(path) for path in found.paths if os.path.basename(path) == query.name}:
        try:
            if os.path.samefile(root / name, query):
                return name
        except OSError:  # no longer there
            continue
    return None


def _matches(
    found: Embeddings,
    rows: npt.NDArray[np.int64],
    vector: npt.NDArray[np.float32],
    k: int,
    clips: bool,
) -> list[Match]:
    """The k nearest of `rows`; each video once, or each clip."""
    videos = found.paths[rows]
    most = 1 if clips else int(np.unique(videos, return_counts=True)[1].max())
    # whatever the order, so many rows hold k videos, if there are k
    nearby = nearest(vector[None], found.vectors[rows], min(len(rows), k * most))
    matches: list[Match] = []
    seen: set[str] = set()
    for place, cosine in zip(nearby.rows[0].tolist(), nearby.similarity[0].tolist(), strict=True):
        row = int(rows[place])
        path = str(found.paths[row])
        if len(matches) == k or (not clips and path in seen):
            continue
        seen.add(path)
        start, end = float(found.starts[row]), float(found.ends[row])
        matches.append(Match(len(matches) + 1, min(1.0, max(-1.0, cosine)), path, start, end, found.labels[row], row))
    return matches
