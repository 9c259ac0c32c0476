"""Linear probe: softmax regression on frozen features. Pure NumPy; `probe_metrics.py` holds the registered metric.

Only the choice of the held-out fifth is random, with a fixed seed: weights start at zero and every step uses all
videos. The test list is not used for any choice.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOMENTUM = 0.9
HELD_OUT_PART = 5  # one in five


class Probe(NamedTuple):
    """The result of a sweep."""

    predicted: np.ndarray  # (q,) int64
    lr: float  # the learning rate with the best accuracy on the held-out fifth
    held_out: dict[float, float]  # lr -> share of the held-out fifth that is classified correctly


def standardise(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Subtract the mean of `train` and divide by its deviation; a channel that is constant in `train` becomes 0.

    Args:
        train, other: (n, C) and (m, C) features.

    Returns:
        Both arrays in the same shapes, float64.
    """
    train, other = train.astype(np.float64), other.astype(np.float64)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return (train - mean) * scale, (other - mean) * scale


def held_out(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) bool: a fifth of every class, rounded down but at least one video, drawn with a fixed seed.

    Raises:
        ValueError: a class has a single video, which cannot be both in training and held out.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise ValueError(
                f'class {label} has one training video, so none can be held out. Remedy: use two or more per class.'
            )
        order = np.random.default_rng([seed, label]).permutation(members)
        chosen[order[: max(len(members) // HELD_OUT_PART, 1)]] = True
    return chosen


def train_softmax(features: np.ndarray, labels: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """Weights and biases after `steps` of full-batch gradient descent with momentum, starting at zero.

    Args:
        features: (n, C), standardised.
        labels: (n,) classes.
        lr: learning rate on the mean cross-entropy.
        steps: number of steps; there is no weight decay, so this also limits the weights.

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
    """Scores (n, classes) -> probabilities; rows add up to 1."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def predict(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Features (n, C), weights (C + 1, classes) -> labels (n,) int64; ties go to the lower label."""
    return (features @ weights[:-1] + weights[-1]).argmax(axis=1)


def sweep(
    gallery: np.ndarray, gallery_labels: np.ndarray, query: np.ndarray, lrs: Sequence[float], steps: int
) -> Probe:
    """Choose the lr on a held-out fifth of the training list, train on all of it, classify the test list.

    Args:
        gallery, gallery_labels: (g, C) and (g,), the training list.
        query: (q, C), the test list.
        lrs: learning rates to try; of equally good ones the smallest is taken.
        steps: number of steps of every training.
    """
    if not lrs or min(lrs) <= 0 or steps < 1:
        raise ValueError(
            f'lrs={tuple(lrs)} must have at least one rate, all positive, and steps={steps} must be at least 1'
        )
    kept, aside = ~held_out(gallery_labels), held_out(gallery_labels)
    train, examined = standardise(gallery[kept], gallery[aside])
    accuracies = {}
    for lr in sorted(lrs):
        guessed = predict(examined, train_softmax(train, gallery_labels[kept], lr, steps))
        accuracies[lr] = float((guessed == gallery_labels[aside]).mean())
    best = max(accuracies, key=lambda lr: accuracies[lr])  # of equals the first, which is the smallest
    train, tested = standardise(gallery, query)
    return Probe(predict(tested, train_softmax(train, gallery_labels, best, steps)), best, accuracies)
