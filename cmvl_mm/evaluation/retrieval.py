"""Video retrieval: features -> R@k. Pure NumPy; `metrics.py` holds the registered shell."""

from collections.abc import Sequence

import numpy as np


def l2_normalise(features: np.ndarray) -> np.ndarray:
    """(n, C) -> the same rows at length 1.

    Raises:
        ValueError: a row is zero or not finite, which no trained network gives.
    """
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    wrong = np.flatnonzero(~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0))
    if len(wrong):
        raise ValueError(f'{len(wrong)} of {len(features)} features are zero or not finite, first in row {wrong[0]}')
    return features / norms


def centred(features: np.ndarray) -> np.ndarray:
    """(n, C) -> the same rows less their mean, as CoCLR prepares each set on its own.

    Raises:
        ValueError: a lone row, which is its own mean.
    """
    if len(features) < 2:
        raise ValueError(f'{len(features)} video cannot be centred on its set. Remedy: at least two in each list.')
    features = features.astype(np.float64)
    return features - features.mean(axis=0)


def cosine_similarity(query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(q, C), (g, C) -> (q, g) float64."""
    return l2_normalise(query.astype(np.float64)) @ l2_normalise(gallery.astype(np.float64)).T


def ranked(similarity: np.ndarray, k: int) -> np.ndarray:
    """(q, g) -> (q, min(k, g)): columns by falling similarity; ties go to the lower column."""
    return np.argsort(-similarity, axis=1, kind='stable')[:, :k]


def nearest(query: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """Rows of the gallery by falling cosine similarity; ties go to the lower row.

    Args:
        query: (q, C) features.
        gallery: (g, C) features.
        k: how many; all of the gallery if it is smaller.

    Returns:
        (q, min(k, g)) int64.
    """
    return ranked(cosine_similarity(query, gallery), k)


def recall_at(
    query: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    ks: Sequence[int],
) -> dict[int, float]:
    """Share of queries with at least one of the k nearest gallery videos in their class, in percent (Table 9).

    Args:
        query, gallery: (q, C) and (g, C) features.
        query_labels, gallery_labels: (q,) and (g,) classes.
        ks: the k of R@k.
    """
    if len(query) == 0 or len(gallery) == 0:
        raise ValueError(f'retrieval needs queries and a gallery, not {len(query)} and {len(gallery)} videos')
    hits = gallery_labels[nearest(query, gallery, max(ks))] == query_labels[:, None]  # (q, max k)
    return {k: 100.0 * float(hits[:, :k].any(axis=1).mean()) for k in ks}
