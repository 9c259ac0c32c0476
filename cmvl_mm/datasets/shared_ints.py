"""A few integers in memory that a process shares with its data-loader workers, with any start method."""

from typing import Any, Self

import numpy as np
import torch


class SharedInts:
    """An int64 array, initially 0, shared with every process that gets this object by fork or as an argument.

    Copies made in other ways (`copy.deepcopy`, `pickle`) have their own memory, which they share with their workers.

    Attributes:
        values: the integers, as an array over the shared memory.
        connected: False in a copy that a plain pickle has made.
    """

    def __init__(self, count: int) -> None:
        self._hold(torch.zeros(count, dtype=torch.int64))
        self.connected = True

    def _hold(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor if tensor.is_shared() else tensor.clone().share_memory_()
        self.values: np.ndarray = self._tensor.numpy()

    def __getstate__(self) -> torch.Tensor:
        """Return a shared tensor: multiprocessing passes it as shared memory; a plain pickle writes its values."""
        return self._tensor

    def __setstate__(self, tensor: torch.Tensor) -> None:
        self.connected = tensor.is_shared()
        self._hold(tensor)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        other = type(self)(len(self.values))
        other.values[:] = self.values
        return other
