"""The clips or videos most like a query, in what `embed` wrote: `cmvl_mm.search` and `cmvl search`."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmvl_mm.clip_search.engines import Engine, open_engine
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.row_blocks import Vectors
from cmvl_mm.clip_search.row_filter import EVERY_ROW, RowFilter
from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsError, Failure

Query = int | str | Path


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
    query: Query,
    k: int = 10,
    *,
    clips: bool = False,
    others: bool = False,
    where: RowFilter = EVERY_ROW,
    index: str | None = None,
    model: str | Path | None = None,
    device: str = 'cpu',
) -> list[Match]:
    """What is most like a query, nearest first; ties go to the lower row, which is the order of paths and seconds.

    A query by row is that clip's vector. A query by video is embedded by the weights and settings of the file; its
    vector is the mean of its clips' vectors, as retrieval compares videos.

    Args:
        features: what `embed` returned, its file, or the folder of `embed_folder`, of which few parts are in memory at
            a time; a folder may be on an object store: 's3://bucket/features'.
        query: a row number, from 0; or a video.
        k: how many; all that there are, if they are fewer.
        clips: every clip is a result of its own; by default a video comes once, with its nearest clip.
        others: leave out the query's own video: that of the row, or the rows of the very file that is the query.
        where: only rows that pass, of which the k nearest come.
        index: 'ivf' or 'lance', built by `build_index` beside the parts; None compares every row. With an index some
            of the nearest may be missed, as its record says; cosines and order are the exact ones.
        model: where the weights that made the file are now; None looks where they were.
        device: of the network.

    Raises:
        SearchError: there is no such row, the video cannot be read, nothing is left to search, or the index is not
            there, is damaged, or is one of other parts.
        EmbeddingsError: the file holds no embeddings, or its weights are not at hand or are others.
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: the index's library is not installed.
    """
    (found,) = search_many(
        features, [query], k, clips=clips, others=others, where=where, index=index, model=model, device=device
    )
    if not found:
        raise SearchError(f'{query}: no other video to search. Remedy: embed more videos into one file.')
    return found


def search_many(
    features: Embeddings | str | Path,
    queries: Sequence[Query],
    k: int = 10,
    *,
    clips: bool = False,
    others: bool = False,
    where: RowFilter = EVERY_ROW,
    index: str | None = None,
    model: str | Path | None = None,
    device: str = 'cpu',
) -> list[list[Match]]:
    """The results of several queries: the rows are read once for all. Arguments and errors: `search`.

    A query that finds nothing but its own video, with `others`, has no result.
    """
    if k < 1:
        raise SearchError(f'k={k} must be at least 1.')
    engine = open_engine(features, index)
    vectors = _vectors_of(engine, queries, model, device)
    own = OwnVideos(Path(engine.meta.root), _names_of(engine, queries)) if others else None
    best = engine.nearest(vectors, k, by_video=not clips, where=where, own=own)
    if not len(best.row) and where.columns:
        raise SearchError(f'{where}: no row is left by this filter. Remedy: a wider one; paths are as in the results.')
    told = zip(best.query.tolist(), best.cosine.tolist(), engine.rows_at(best.row), best.row.tolist(), strict=True)
    results: list[list[Match]] = [[] for _ in queries]
    for number, found in groupby(told, key=lambda one: one[0]):
        for rank, (_, cosine, says, row) in enumerate(found, start=1):
            results[number].append(Match(rank, min(1.0, max(-1.0, cosine)), *says, row))
    return results


def _vectors_of(engine: Engine, queries: Sequence[Query], model: str | Path | None, device: str) -> Vectors:
    """(q, C)"""
    rows = {number: int(query) for number, query in enumerate(queries) if isinstance(query, (int, np.integer))}
    for row in rows.values():
        if not 0 <= row < len(engine):
            raise SearchError(f'row {row}: there are rows 0 to {len(engine) - 1}. Remedy: one of them, or a video.')
    vectors = np.empty((len(queries), engine.channels), np.float32)
    vectors[list(rows)] = engine.vectors_at(np.array(list(rows.values()), np.int64))
    videos = {number: Path(query) for number, query in enumerate(queries) if isinstance(query, (str, Path))}
    if videos:
        made = _embedded(engine, list(dict.fromkeys(videos.values())), model, device)
        for number, path in videos.items():
            vectors[number] = made[path]
    for query, vector in zip(queries, vectors, strict=True):
        if not np.isfinite(vector).all() or not vector.any():
            raise SearchError(f'{query}: its vector is zero or not finite, so it has no cosine. Remedy: another query.')
    return vectors


def _embedded(engine: Engine, videos: Sequence[Path], model: str | Path | None, device: str) -> dict[Path, Vectors]:
    """(C,) of each video."""
    for path in videos:
        if path.is_dir():
            raise SearchError(f'{path}: this is a folder. Remedy: the path of a video, or a row number.')
        if not path.is_file():  # before the network is loaded
            raise SearchError(f'{path}: there is no such video. Remedy: the path of a video, or a row number.')
    from cmvl_mm.embedding.network import load_network_of
    from cmvl_mm.embedding.one_video import NamedVideo, embed_videos  # loads MMAction2: a query by row needs it not

    network = load_network_of(engine.meta, model, device=device)
    made = {}
    for path, found in zip(
        videos, embed_videos([NamedVideo(path, str(path)) for path in videos], network), strict=True
    ):
        if isinstance(found, Failure):
            raise SearchError(f'{found.path}: {found.stage}: {found.reason}. Remedy: {found.remedy}.')
        if len(engine) and found.vectors.shape[1] != engine.channels:
            raise EmbeddingsError(
                f'{path}: {found.vectors.shape[1]} channels, and the rows have {engine.channels}. '
                'Remedy: embed the videos again.'
            )
        made[path] = found.vectors.mean(axis=0)
    return made


def _names_of(engine: Engine, queries: Sequence[Query]) -> list[str | Path]:
    """Of each query: its row's path, or its file."""
    rows = [int(query) for query in queries if isinstance(query, (int, np.integer))]
    paths = iter(engine.rows_at(np.array(rows, np.int64)))
    return [next(paths).path if isinstance(query, (int, np.integer)) else Path(query) for query in queries]
