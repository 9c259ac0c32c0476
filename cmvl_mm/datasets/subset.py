"""Part of a labelled list, for finetuning with few labels."""

from collections.abc import Sequence

import numpy as np


def stratified_subset(labels: Sequence[int | None], share: float, seed: int) -> list[int]:
    """Positions of `share` of every class, rounded to the nearest count but at least one video, in the list's order.

    A pure function of its arguments. Each class has one order per seed and gives its first videos, so the subset of a
    smaller share lies in that of a larger one.

    Args:
        labels: (n,) class of every line of the list.
        share: in (0, 1]; 1 is the whole list.
        seed: of the order within the classes.

    Raises:
        ValueError: the share is outside (0, 1], or a line has no label.
    """
    if not 0 < share <= 1:
        raise ValueError(f'label_share={share} must lie in (0, 1]')
    members: dict[int, list[int]] = {}
    for position, label in enumerate(labels):
        if label is None:
            raise ValueError(f"label_share={share} needs a label on every line. Remedy: labels='required'.")
        members.setdefault(label, []).append(position)
    chosen: list[int] = []
    for label, positions in members.items():
        order = np.random.default_rng([seed, label]).permutation(positions)
        chosen += order[: max(int(share * len(positions) + 0.5), 1)].tolist()
    return sorted(chosen)
