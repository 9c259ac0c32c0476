"""Is the motion missing from the features, or only hidden by others? It reads the features of the suite's tests.

    python evidence/feature_study.py --seeds 0 1 2

R@1 and nearest neighbours weight every direction of the features by its variance, so they miss a factor with little
variance. Two figures distinguish the cases: the share of the variance that lies between the classes of a factor, and
how well a linear probe, which is free to weight directions, tells apart motions that differ only in their direction,
compared with the R@1 of the same pair. Queries come from the test split. The script gives no verdict:
evidence/FINDINGS.md quotes the table that it prints.
"""

import argparse
from statistics import fmean

import numpy as np
from readouts import MIRRORED, PROBE_LRS, PROBE_STEPS, labels, of_pairs
from rows import BY_NAME, WORK
from tables import spread

from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.linear_probe import sweep

ROWS = (
    'random', 'iframes', 'motion_vectors', 'alpha_025', 'both', 'alpha_075', 'alpha_09', 'long', 'current', 'convgru',
    'no_hard_negatives', 'own_channels', 'far_future', 'far_future_09', 'mse', 'cross_entropy', 'm_network',
)  # fmt: skip
PAIRS = dict(zip(('left or right', 'clockwise or not'), MIRRORED['basic'], strict=True))


def variance_between(features: np.ndarray, classes: np.ndarray) -> float:
    """Percent of the variance of (n, C) unit vectors that lies between the means of their classes (n,)."""
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    units = units - units.mean(0)
    between = sum((classes == name).sum() * (units[classes == name].mean(0) ** 2).sum() for name in np.unique(classes))
    return 100 * float(between / (units**2).sum())


def probe_of_pair(found: Features, motions: np.ndarray, pair: tuple[int, int]) -> float:
    """Percent of the queries of two motions that a probe, trained on gallery videos of both, classifies correctly."""
    query, gallery = (side & np.isin(motions, pair) for side in (found.is_query, ~found.is_query))
    second = (motions == pair[1]).astype(np.int64)
    probe = sweep(found.features[gallery], second[gallery], found.features[query], PROBE_LRS, PROBE_STEPS)
    return 100 * float((probe.predicted == second[query]).mean())


def study(name: str, seed: int) -> dict[str, float]:
    """Every figure of a row of level basic, whose test with this seed must have run."""
    row = BY_NAME[name]
    found = load_features(WORK / 'tests' / f'{name}_{seed}_test' / 'features.npz')
    contexts, motions = (labels(found, row, 'test', kind) for kind in ('context', 'motion'))
    gallery = ~found.is_query
    shares = {
        f'variance between {kind}s': variance_between(found.features[gallery], classes[gallery])
        for kind, classes in (('context', contexts), ('motion', motions))
    }
    pairs = {f'R@1, {question}': of_pairs(found, motions, (pair,)) for question, pair in PAIRS.items()}
    pairs |= {f'probe, {question}': probe_of_pair(found, motions, pair) for question, pair in PAIRS.items()}
    return shares | pairs


def main() -> None:
    args = parse_args()
    studied = {name: [study(name, seed) for seed in args.seeds] for name in args.rows}
    columns = list(next(iter(studied.values()))[0])
    print(f'| row | {" | ".join(columns)} |\n|---|{"---:|" * len(columns)}')
    by_size = sorted(studied.items(), key=lambda item: fmean(found['variance between motions'] for found in item[1]))
    for name, seeds in by_size:
        print(f'| {name} | {" | ".join(spread([found[column] for found in seeds]) for column in columns)} |')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--rows', nargs='+', choices=ROWS, default=list(ROWS))
    return parser.parse_args()


if __name__ == '__main__':
    main()
