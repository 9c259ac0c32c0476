"""Late fusion: weighted sums of the scores of several networks for the same videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmaction.evaluation import get_weighted_score

from .features import FeaturesError, load_features


class Scored(NamedTuple):
    """Scores of n test videos by one or more networks."""

    scores: np.ndarray  # (n, classes)
    labels: np.ndarray  # (n,)
    paths: np.ndarray  # (n,)

    @property
    def correct(self) -> np.ndarray:
        """(n,) bool: whether the label has the highest score."""
        return self.scores.argmax(axis=1) == self.labels


def read_scored(path: str | Path) -> Scored:
    """Read the scores of a file from `tools/test.py --dump-features`, sorted by the videos' paths.

    Raises:
        FileNotFoundError, FeaturesError: as in `load_features`; or the file has no scores, a video without a label or
            with a score that is not finite, or one video twice.
    """
    found = load_features(path)
    if found.scores is None:
        raise FeaturesError(f'{path}: the file has no scores. Remedy: test a config whose model has a cls_head.')
    if (found.labels < 0).any():
        raise FeaturesError(
            f'{path}: {found.paths[found.labels < 0][0]} has no label. Remedy: test a list with labels.'
        )
    if not np.isfinite(found.scores).all():
        raise FeaturesError(f'{path}: a score is not finite. Remedy: test a checkpoint whose training did not diverge.')
    order = np.argsort(found.paths, kind='stable')
    paths = found.paths[order]
    twice = paths[1:][paths[1:] == paths[:-1]]
    if len(twice):
        raise FeaturesError(f'{path}: {twice[0]} appears twice. Remedy: test a list that names each video once.')
    return Scored(found.scores[order], found.labels[order], paths)


def fuse(networks: Sequence[Scored], weights: Sequence[float]) -> Scored:
    """The weighted sum of several networks' scores; CoViAR weights I-frames by 2, vectors by 1 and residuals by 1.

    Args:
        networks: scores of at least one network, for the same videos.
        weights: one per network, finite and at least 0, one of them above 0.

    Raises:
        ValueError: the networks were tested on different videos, labels or classes, or a weight is invalid.
    """
    if len(weights) != len(networks) or not networks:
        raise ValueError(f'{len(weights)} weights for {len(networks)} networks. Remedy: pass one weight per network.')
    if not all(np.isfinite(weight) and weight >= 0 for weight in weights) or not any(weights):
        raise ValueError(f'weights={list(weights)}: each must be finite and at least 0, and one above 0')
    first = networks[0]
    for number, other in enumerate(networks[1:], start=2):
        if not np.array_equal(first.paths, other.paths):
            raise ValueError(
                f'network {number} was tested on {len(other.paths)} videos, and network 1 on {len(first.paths)} '
                'that are not the same. Remedy: test all on one list.'
            )
        if not np.array_equal(first.labels, other.labels) or first.scores.shape != other.scores.shape:
            raise ValueError(
                f'network {number} has labels or a number of classes ({other.scores.shape[1]}) that network 1 '
                f'({first.scores.shape[1]}) does not have. Remedy: test all on one list.'
            )
    summed = get_weighted_score([network.scores for network in networks], list(weights))
    return Scored(np.stack(summed), first.labels, first.paths)
