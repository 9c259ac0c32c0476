"""Approximate nearest neighbours by FAISS: an inverted file over k-means cells (`pip install 'cmvl_mm[search]'`)."""

from typing import Any

import numpy as np

from .cosine import cosine_of_pairs, l2_normalise

faiss: Any
try:
    import faiss
except ImportError:
    faiss = None

TRAINED_ON = 64  # rows per cell that k-means sees; FAISS warns below 39


def ivf_search(
    query: np.ndarray, gallery: np.ndarray, k: int, lists: int, probes: int, block_bytes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and similarities, both (q, k), of the k best rows in the `probes` cells nearest to each query.

    FAISS keeps the whole gallery in memory as float32. The rows that it finds are ranked by the float64 cosine, as in
    the exact search. Arguments: `search.nearest` and `search.IVF`.

    Raises:
        ModuleNotFoundError: FAISS is not installed.
        ValueError: the probed cells of a query hold fewer than k rows.
    """
    if faiss is None:
        raise ModuleNotFoundError(
            "the IVF index needs FAISS. Remedy: pip install 'cmvl_mm[search]', or use the exact search."
        )
    if not 1 <= probes <= lists <= len(gallery):
        raise ValueError(f'lists={lists} and probes={probes} must be 1 <= probes <= lists <= {len(gallery)} rows.')
    query = l2_normalise(query)
    index = built_index(gallery, lists, block_bytes)
    index.nprobe = probes
    _, rows = index.search(query.astype(np.float32), k)
    missing = np.flatnonzero((rows < 0).any(axis=1))
    if len(missing):
        raise ValueError(
            f'{probes} of {lists} cells have fewer than k={k} rows for {len(missing)} queries, first {missing[0]}. '
            'Remedy: set more probes or fewer lists.'
        )
    similarity = np.stack(
        [
            cosine_of_pairs(query, l2_normalise(gallery[found], found), (np.full(k, number), np.arange(k)))
            for number, found in enumerate(rows)
        ]
    )
    order = np.stack([np.lexsort((found, -values)) for found, values in zip(rows, similarity, strict=True)])
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarity, order, axis=1)


def built_index(gallery: np.ndarray, lists: int, block_bytes: int) -> 'faiss.IndexIVFFlat':
    """An index trained on rows evenly spaced over the gallery, with FAISS's fixed seed, and filled block by block."""
    channels = gallery.shape[1]
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(channels), channels, lists, faiss.METRIC_INNER_PRODUCT)
    chosen = np.linspace(0, len(gallery) - 1, min(len(gallery), TRAINED_ON * lists)).astype(np.int64)
    index.train(l2_normalise(gallery[chosen], chosen).astype(np.float32))
    step = max(1, block_bytes // (32 * channels))
    for begin in range(0, len(gallery), step):
        index.add(l2_normalise(gallery[begin : begin + step], begin).astype(np.float32))
    return index
