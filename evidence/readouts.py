"""Compute every figure of a row from the features of a test: R@k, neighbours, linear probe, by kind of label."""

from pathlib import Path

import numpy as np
from rows import KINDS, Row, annotations

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.knn import knn_predict
from cmvl_mm.evaluation.linear_probe import sweep
from cmvl_mm.evaluation.retrieval import recall_at

MIRRORED = {'basic': ((0, 1), (2, 3)), 'future': (), 'hard': ((0, 1), (6, 7)), 'small': ((0, 1), (2, 3))}
"""Motion labels of left and right, and of both directions of rotation: no single picture tells them apart, while
positions and sizes reveal part of the other motions. Level future has its turns for that."""
KS = (1, 5)
NEIGHBOURS, TEMPERATURE = 20, 0.07
PROBE_LRS, PROBE_STEPS = (0.03, 0.1, 0.3, 1.0), 300


def figures(dump: Path, row: Row, split: str) -> dict[str, float]:
    """All figures in percent, named `R@1 context`, `R@5 context`, `kNN context`, `probe context`, …"""
    found = load_features(dump)
    result: dict[str, float] = {}
    for kind in KINDS[row.level]:
        result |= {f'{name} {kind}': value for name, value in of_labels(found, labels(found, row, split, kind)).items()}
    if MIRRORED[row.level]:
        result['R@1 mirrored'] = of_pairs(found, labels(found, row, split, 'motion'), MIRRORED[row.level])
    return result


def of_pairs(found: Features, truth: np.ndarray, pairs: tuple[tuple[int, int], ...]) -> float:
    """R@1 of the queries of each pair of labels in a gallery of that pair alone; chance is 50 %."""
    hits, asked = 0.0, 0
    for pair in pairs:
        query, gallery = (side & np.isin(truth, pair) for side in (found.is_query, ~found.is_query))
        recall = recall_at(found.features[query], truth[query], found.features[gallery], truth[gallery], (1,))[1]
        hits, asked = hits + recall * query.sum(), asked + query.sum()
    return float(hits / asked)


def labels(found: Features, row: Row, split: str, kind: str) -> np.ndarray:
    """(n,) labels of one kind, in the order of the features."""
    by_path = {
        entry.path: entry.label
        for part in ('train', split)
        for entry in read_list(annotations(row.level, part, kind), 'required')
    }
    return np.array([by_path[str(path)] for path in found.paths])


def of_labels(found: Features, truth: np.ndarray) -> dict[str, float]:
    """The read-outs of one kind of label."""
    query = found.is_query
    sets = found.features[query], truth[query], found.features[~query], truth[~query]
    recalls = recall_at(*sets, KS)
    voted = knn_predict(sets[0], sets[2], sets[3], NEIGHBOURS, TEMPERATURE)
    probe = sweep(sets[2], sets[3], sets[0], PROBE_LRS, PROBE_STEPS)
    return {f'R@{k}': recalls[k] for k in KS} | {
        'kNN': 100 * float((voted == sets[1]).mean()),
        'probe': 100 * float((probe.predicted == sets[1]).mean()),
    }
