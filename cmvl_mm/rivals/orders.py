"""Permutation labels, and a classifier of orders from the features of all pairs."""

from functools import lru_cache
from itertools import combinations, permutations

import numpy as np
import torch
from torch import Tensor, nn


def all_orders(count: int) -> np.ndarray:
    """All orders (count!, count), in lexicographic order: row `label` holds the item shown at each place."""
    return np.array(list(permutations(range(count))))


def orders_up_to_reversal(count: int) -> np.ndarray:
    """(count! / 2, count): of each order and its reversal, the one that begins with the smaller item."""
    orders = all_orders(count)
    return orders[orders[:, 0] < orders[:, -1]]


@lru_cache(maxsize=4)
def distant_orders(count: int, number: int) -> np.ndarray:
    """(number, count): orders that differ from each other at many places; read-only.

    The choice is greedy, starting with the identity: the next order has the largest Hamming distance to the nearest
    chosen one; ties are broken by the largest sum of distances, then by lexicographic order. Nothing is random.

    Raises:
        ValueError: there are fewer orders than `number`.
    """
    orders = all_orders(count).astype(np.int8)
    if not 1 <= number <= len(orders):
        raise ValueError(f'number={number} must be 1 to {len(orders)}, the orders of {count} items')
    chosen = [0]
    nearest, total = np.full(len(orders), count), np.zeros(len(orders), dtype=np.int64)
    while len(chosen) < number:
        distance = (orders != orders[chosen[-1]]).sum(1)
        nearest, total = np.minimum(nearest, distance), total + distance
        nearest[chosen[-1]] = -1
        chosen.append(int((nearest * (count * number + 1) + total).argmax()))
    found = orders[chosen].astype(np.int64)
    found.setflags(write=False)
    return found


class PairOrderClassifier(nn.Module):
    """Pass each concatenated pair of features through one shared layer, and classify all pairs concatenated.

    Args:
        in_channels: C of a feature.
        items: number K of features.
        classes: number of orders.
        width: width of the shared layer, 512 in VCOP and in OPN.
        norm: use a batch norm after the shared layer, as in OPN.
        dropout: rate before the classifier, 0.5 in both.

    Shape: (B, K, C) -> (B, classes).
    """

    def __init__(
        self, in_channels: int, *, items: int, classes: int, width: int = 512, norm: bool = False, dropout: float = 0.5
    ) -> None:
        super().__init__()
        first, second = zip(*combinations(range(items), 2), strict=True)
        self.first, self.second = list(first), list(second)
        self.pair = nn.Linear(2 * in_channels, width)
        self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(len(first) * width, classes)

    def forward(self, features: Tensor) -> Tensor:
        pairs = torch.cat([features[:, self.first], features[:, self.second]], dim=2)  # (B, pairs, 2 C)
        hidden = self.norm(self.pair(pairs).flatten(0, 1)).unflatten(0, pairs.shape[:2])
        return self.classify(self.dropout(self.relu(hidden).flatten(1)))
