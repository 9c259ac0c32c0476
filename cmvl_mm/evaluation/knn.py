"""Weighted k nearest neighbours: features -> classes. `probe_metrics.py` holds the registered metric."""

import numpy as np

from .search import nearest


def knn_predict(
    query: np.ndarray, gallery: np.ndarray, gallery_labels: np.ndarray, k: int, temperature: float
) -> np.ndarray:
    """The class with the most votes among the k nearest; a neighbour's vote has weight exp(cosine / temperature).

    Args:
        query, gallery: (q, C) and (g, C) features.
        gallery_labels: (g,) classes.
        k: number of neighbours; all of the gallery if it is smaller.
        temperature: a lower value gives the nearest neighbours more weight.

    Returns:
        (q,) int64; ties go to the lower label.
    """
    if k < 1 or temperature <= 0:
        raise ValueError(f'k={k} must be at least 1 and temperature={temperature} above 0')
    neighbours, nearness, _ = nearest(query, gallery, k)  # (q, k) both
    weights = np.exp((nearness - nearness[:, :1]) / temperature)  # relative to the nearest, to avoid overflow
    votes = np.zeros((len(query), int(gallery_labels.max()) + 1))
    rows = np.arange(len(query))[:, None]
    np.add.at(votes, (rows, gallery_labels[neighbours]), weights)
    return votes.argmax(axis=1)
