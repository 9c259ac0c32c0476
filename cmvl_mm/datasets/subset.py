"""Part of a labelled list, for finetuning with few labels."""

from collections.abc import Sequence

import numpy as np

from .list_scan import NO_LABEL, label_array


def stratified_subset(labels: Sequence[int | None] | np.ndarray, share: float, seed: int) -> list[int]:
    """Positions of a `share` of every class, rounded to the nearest count, at least one video, in the list's order.

    The function is pure. Each class has one order per seed and gives its first videos, so the subset of a smaller
    share is part of that of a larger one.

    Args:
        labels: (n,) class of every line of the list; without a label None, or `NO_LABEL` in an array.
        share: in (0, 1]; 1 is the whole list.
        seed: seed of the order within the classes.

    Raises:
        ValueError: the share is outside (0, 1], or a line has no label.
    """
    if not 0 < share <= 1:
        raise ValueError(f'label_share={share} must lie in (0, 1]')
    if not isinstance(labels, np.ndarray):
        labels = label_array(labels)
    if (labels == NO_LABEL).any():
        raise ValueError(f"label_share={share} needs a label on every line. Remedy: set labels='required'.")
    by_class = np.argsort(labels, kind='stable')
    classes, begins = np.unique(labels[by_class], return_index=True)
    chosen = []
    for label, positions in zip(classes.tolist(), np.split(by_class, begins[1:]), strict=True):
        order = np.random.default_rng([seed, label]).permutation(positions)
        chosen.append(order[: max(int(share * len(positions) + 0.5), 1)])
    return np.sort(np.concatenate(chosen)).tolist()
