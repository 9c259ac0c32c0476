"""Find the clips or videos most similar to a query in the output of `embed`: `cmvl_mm.search` and `cmvl search`."""

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
    """Rank, counted from 1."""
    cosine: float
    path: str
    """Path as in the file, relative to its `meta.root`."""
    start: float
    """Start of the clip in seconds."""
    end: float
    label: str | None
    row: int
    """Row number in the file or folder."""


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
    """Find the clips or videos most similar to a query, nearest first; ties are ordered by row (path, then time).

    A query by row uses that clip's vector. A query by video is embedded with the weights and settings of the file; its
    vector is the mean of its clips' vectors, as in the retrieval test.

    Args:
        features: the result of `embed`, its file, or the folder of `embed_folder`, of which few parts are in memory at
            a time; a folder may be on an object store: 's3://bucket/features'.
        query: a row number, counted from 0, or a video.
        k: number of results; all if there are fewer.
        clips: return every clip as a separate result; by default each video appears once, with its nearest clip.
        others: leave out the query's own video: the video of the query row, or the rows of the query file.
        where: filter; the result has the k nearest rows that pass.
        index: 'ivf' or 'lance', built by `build_index` next to the parts; None compares every row. An index may miss
            some of the nearest rows, see its record; cosines and order are exact.
        model: current place of the weights that made the file; None looks where they were.
        device: device of the network.

    Raises:
        SearchError: the row does not exist, the video cannot be read, nothing is left to search, or the index is
            missing, damaged, or belongs to other parts.
        EmbeddingsError: the file holds no embeddings, or its weights are missing or differ.
        FileNotFoundError: the file does not exist.
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
    """Search for several queries; the rows are read once for all. Arguments and errors as for `search`.

    With `others`, a query that finds only its own video has no result.
    """
    if k < 1:
        raise SearchError(f'k={k} must be at least 1.')
    engine = open_engine(features, index)
    vectors = _vectors_of(engine, queries, model, device)
    own = OwnVideos(Path(engine.meta.root), _names_of(engine, queries)) if others else None
    best = engine.nearest(vectors, k, by_video=not clips, where=where, own=own)
    if not len(best.row) and where.columns:
        raise SearchError(f'{where}: no row matches this filter. Remedy: widen it; write paths as in the results.')
    told = zip(best.query.tolist(), best.cosine.tolist(), engine.rows_at(best.row), best.row.tolist(), strict=True)
    results: list[list[Match]] = [[] for _ in queries]
    for number, found in groupby(told, key=lambda one: one[0]):
        for rank, (_, cosine, says, row) in enumerate(found, start=1):
            results[number].append(Match(rank, min(1.0, max(-1.0, cosine)), *says, row))
    return results


def _vectors_of(engine: Engine, queries: Sequence[Query], model: str | Path | None, device: str) -> Vectors:
    """(q, C) vectors of the queries."""
    rows = {number: int(query) for number, query in enumerate(queries) if isinstance(query, (int, np.integer))}
    for row in rows.values():
        if not 0 <= row < len(engine):
            raise SearchError(
                f'row {row} does not exist: rows are 0 to {len(engine) - 1}. Remedy: pass one of them, or a video.'
            )
    vectors = np.empty((len(queries), engine.channels), np.float32)
    vectors[list(rows)] = engine.vectors_at(np.array(list(rows.values()), np.int64))
    videos = {number: Path(query) for number, query in enumerate(queries) if isinstance(query, (str, Path))}
    if videos:
        made = _embedded(engine, list(dict.fromkeys(videos.values())), model, device)
        for number, path in videos.items():
            vectors[number] = made[path]
    for query, vector in zip(queries, vectors, strict=True):
        if not np.isfinite(vector).all() or not vector.any():
            raise SearchError(
                f'{query}: its vector is zero or not finite, so its cosine is undefined. Remedy: choose another query.'
            )
    return vectors


def _embedded(engine: Engine, videos: Sequence[Path], model: str | Path | None, device: str) -> dict[Path, Vectors]:
    """(C,) vector of each video."""
    for path in videos:
        if path.is_dir():
            raise SearchError(f'{path}: this is a folder. Remedy: pass the path of a video, or a row number.')
        if not path.is_file():  # checked before the network is loaded
            raise SearchError(f'{path}: there is no such video. Remedy: pass the path of a video, or a row number.')
    from cmvl_mm.embedding.network import load_network_of
    from cmvl_mm.embedding.one_video import NamedVideo, embed_videos  # loads MMAction2, not needed for a query by row

    network = load_network_of(engine.meta, model, device=device)
    made = {}
    for path, found in zip(
        videos, embed_videos([NamedVideo(path, str(path)) for path in videos], network), strict=True
    ):
        if isinstance(found, Failure):
            raise SearchError(f'{found.path}: {found.stage}: {found.reason}. Remedy: {found.remedy}.')
        if len(engine) and found.vectors.shape[1] != engine.channels:
            raise EmbeddingsError(
                f'{path}: its vectors have {found.vectors.shape[1]} channels, but the rows have {engine.channels}. '
                'Remedy: embed the videos again.'
            )
        made[path] = found.vectors.mean(axis=0)
    return made


def _names_of(engine: Engine, queries: Sequence[Query]) -> list[str | Path]:
    """For each query the path of its row, or its file."""
    rows = [int(query) for query in queries if isinstance(query, (int, np.integer))]
    paths = iter(engine.rows_at(np.array(rows, np.int64)))
    return [next(paths).path if isinstance(query, (int, np.integer)) else Path(query) for query in queries]
