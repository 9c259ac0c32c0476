"""Linear probe: softmax regression on frozen features. Pure NumPy; `probe_metrics.py` holds the registered shell.

Nothing is random but the choice of the held-out fifth, whose seed is fixed: weights start at zero and every step sees
all videos. The test list takes no part in any choice.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOMENTUM = 0.9
HELD_OUT_PART = 5  # one in five


class Probe(NamedTuple):
    """The outcome of a sweep."""

    predicted: np.ndarray  # (q,) int64
    lr: float  # the one that did best on the held-out fifth
    held_out: dict[float, float]  # of every lr, the share of the held-out fifth that it classifies right


def standardise(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both less the mean of `train`, over its deviation; a channel that is constant in `train` counts for nothing.

    Args:
        train, other: (n, C) and (m, C).

    Returns:
        The same shapes, float64.
    """
    train, other = train.astype(np.float64), other.astype(np.float64)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return (train - mean) * scale, (other - mean) * scale


def held_out(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) bool: a fifth of every class, rounded down but at least one video, drawn with a fixed seed.

    Raises:
        ValueError: a class has a single video, which cannot both teach and examine.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise ValueError(
                f'class {label} has one training video: nothing of it can be held out. Remedy: two or more a class.'
            )
        order = np.random.default_rng([seed, label]).permutation(members)
        chosen[order[: max(len(members) // HELD_OUT_PART, 1)]] = True
    return chosen


def train_softmax(features: np.ndarray, labels: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """Weights and biases that `steps` of full-batch gradient descent with momentum reach from zero.

    Args:
        features: (n, C), standardised.
        labels: (n,) classes.
        lr: step on the mean cross-entropy.
        steps: how many; there is no weight decay, so they are also what bounds the weights.

    Returns:
        (C + 1, classes); the last row holds the biases.
    """
    inputs = np.hstack([features, np.ones((len(features), 1))])
    weights = np.zeros((inputs.shape[1], int(labels.max()) + 1))
    velocity = np.zeros_like(weights)
    for _ in range(steps):
        error = softmax(inputs @ weights)
        error[np.arange(len(labels)), labels] -= 1
        velocity = MOMENTUM * velocity - lr * (inputs.T @ error) / len(labels)
        weights = weights + velocity
    return weights


def softmax(scores: np.ndarray) -> np.ndarray:
    """(n, classes) -> rows that add up to 1."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def predict(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n, C), (C + 1, classes) -> (n,) int64; ties go to the lower label."""
    return (features @ weights[:-1] + weights[-1]).argmax(axis=1)


def sweep(
    gallery: np.ndarray, gallery_labels: np.ndarray, query: np.ndarray, lrs: Sequence[float], steps: int
) -> Probe:
    """Choose the lr on a held-out fifth of the training list, train on all of it, classify the test list.

    Args:
        gallery, gallery_labels: (g, C) and (g,), the training list.
        query: (q, C), the test list.
        lrs: learning rates to try; of several that do equally well the smallest is taken.
        steps: of every training.
    """
    if not lrs or min(lrs) <= 0 or steps < 1:
        raise ValueError(f'lrs={tuple(lrs)} must be positive and at least one, steps={steps} at least 1')
    kept, aside = ~held_out(gallery_labels), held_out(gallery_labels)
    train, examined = standardise(gallery[kept], gallery[aside])
    accuracies = {}
    for lr in sorted(lrs):
        guessed = predict(examined, train_softmax(train, gallery_labels[kept], lr, steps))
        accuracies[lr] = float((guessed == gallery_labels[aside]).mean())
    best = max(accuracies, key=lambda lr: accuracies[lr])  # the first, so the smallest, of equals
    train, tested = standardise(gallery, query)
    return Probe(predict(tested, train_softmax(train, gallery_labels, best, steps)), best, accuracies)
