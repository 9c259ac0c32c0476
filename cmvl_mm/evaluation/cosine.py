"""Cosine similarity of features, pair by pair in float64: the one number that every search ranks by."""

import numpy as np


def l2_normalise(features: np.ndarray, numbers: int | np.ndarray = 0) -> np.ndarray:
    """(n, C) -> the same rows at length 1, float64; a row's result depends on that row alone.

    Args:
        features: of any real type.
        numbers: what the user knows the rows by, for the message: (n,) numbers, or that of the first one.

    Raises:
        ValueError: a row is zero or not finite, which no trained network gives.
    """
    features = np.ascontiguousarray(features, dtype=np.float64)  # the sums below then run along a row, in one order
    lengths = np.sqrt((features * features).sum(axis=1, keepdims=True))
    wrong = np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))
    if len(wrong):
        number = numbers[wrong[0]] if isinstance(numbers, np.ndarray) else numbers + wrong[0]
        raise ValueError(
            f'row {number} is zero or not finite, so it has no cosine. Remedy: leave the row out; or, if many are so, '
            'take the features of a checkpoint whose training did not diverge.'
        )
    return features / lengths


def cosine_of_pairs(query: np.ndarray, gallery: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Similarity of query `pairs[0][i]` and gallery row `pairs[1][i]`.

    Not a matrix product: that one rounds by the place in the matrix, so that equal rows get unequal numbers.

    Args:
        query, gallery: (q, C) and (g, C) float64 of length 1.
        pairs: two (p,) arrays of rows.

    Returns:
        (p,) float64; a pair's number depends on its two rows alone.
    """
    product = query[pairs[0]]
    product *= gallery[pairs[1]]
    return product.sum(axis=1)
