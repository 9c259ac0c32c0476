"""Query or gallery: flags of any spelling as booleans."""

from typing import Any

import numpy as np


def as_flags(flags: Any) -> np.ndarray:
    """Booleans of the same shape; 0 and 1 of an integer type are False and True.

    Integers must not select rows as they are: NumPy would take 0 and 1 for row numbers, and the complement of 1 for -2.

    Raises:
        ValueError: they are of another type, or there are other values.
    """
    array = np.asarray(flags)
    if array.dtype.kind not in 'biu' or not np.isin(array, (0, 1)).all():
        values = sorted({repr(value) for value in array.ravel().tolist()})[:5]
        raise ValueError(f'is_query must be True and False or 1 and 0; it is {array.dtype}, with {", ".join(values)}')
    return array.astype(bool)
