"""Convert query-or-gallery flags of any type to booleans."""

from typing import Any

import numpy as np


def as_flags(flags: Any) -> np.ndarray:
    """Booleans of the same shape; the integers 0 and 1 become False and True.

    Integers must not select rows directly: NumPy would use 0 and 1 as row numbers, and -2 as the complement of 1.

    Raises:
        ValueError: the flags have another type or other values.
    """
    array = np.asarray(flags)
    if array.dtype.kind not in 'biu' or not np.isin(array, (0, 1)).all():
        values = sorted({repr(value) for value in array.ravel().tolist()})[:5]
        raise ValueError(f'is_query must be True and False or 1 and 0; it is {array.dtype}, with {", ".join(values)}')
    return array.astype(bool)
