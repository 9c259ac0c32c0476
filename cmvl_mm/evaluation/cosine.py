"""Cosine similarity of features, pair by pair in float64: every search ranks by it."""

import numpy as np


def l2_normalise(features: np.ndarray, numbers: int | np.ndarray = 0) -> np.ndarray:
    """(n, C) -> the same rows with length 1, float64; a row's result depends only on that row.

    Args:
        features: (n, C) of any real type.
        numbers: row numbers known to the user, for the message: (n,) numbers, or the number of the first row.

    Raises:
        ValueError: a row is zero or not finite, which no trained network gives.
    """
    features = np.ascontiguousarray(features, dtype=np.float64)  # so sums below run along a row in a fixed order
    lengths = np.sqrt((features * features).sum(axis=1, keepdims=True))
    wrong = np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))
    if len(wrong):
        number = numbers[wrong[0]] if isinstance(numbers, np.ndarray) else numbers + wrong[0]
        raise ValueError(
            f'row {number} is zero or not finite, so its cosine is undefined. Remedy: remove the row; if there are '
            'many, use the features of a checkpoint whose training did not diverge.'
        )
    return features / lengths


def cosine_of_pairs(query: np.ndarray, gallery: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Similarity of query `pairs[0][i]` and gallery row `pairs[1][i]`.

    This is no matrix product: its rounding depends on the position in the matrix, so equal rows get unequal numbers.

    Args:
        query, gallery: (q, C) and (g, C) float64 of length 1.
        pairs: two (p,) arrays of rows.

    Returns:
        (p,) float64; a pair's number depends only on its two rows.
    """
    product = query[pairs[0]]
    product *= gallery[pairs[1]]
    return product.sum(axis=1)
