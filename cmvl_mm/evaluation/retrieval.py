"""Video retrieval: features -> R@k. `metrics.py` holds the registered metric."""

from collections.abc import Sequence

import numpy as np

from .search import nearest


def centred(features: np.ndarray) -> np.ndarray:
    """Subtract the mean of the rows (n, C), as CoCLR does for each set separately.

    Raises:
        ValueError: there is only one row, which equals the mean.
    """
    if len(features) < 2:
        raise ValueError(
            f'{len(features)} video cannot be centred on its set. Remedy: use lists of at least two videos.'
        )
    features = features.astype(np.float64)
    return features - features.mean(axis=0)


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
        ks: values of k in R@k.
    """
    hits = hits_at(query, query_labels, gallery, gallery_labels, ks)
    return {k: 100.0 * float(hits[k].mean()) for k in ks}


def hits_at(
    query: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    ks: Sequence[int],
) -> dict[int, np.ndarray]:
    """k -> (q,) bool: which queries have a video of their class among the k nearest. Arguments as in `recall_at`."""
    if len(query) == 0 or len(gallery) == 0:
        raise ValueError(f'retrieval needs queries and a gallery, not {len(query)} and {len(gallery)} videos')
    hits = gallery_labels[nearest(query, gallery, max(ks)).rows] == query_labels[:, None]  # (q, max k)
    return {k: hits[:, :k].any(axis=1) for k in ks}
