"""What was chosen on the validation split."""

import json
from typing import Any

from rows import CANDIDATES, FEW_LABEL_STARTS, KINDS, REPOSITORY
from store import load_finished

LEARNING_RATES = (0.0003, 0.001, 0.003, 0.01)
"""Of finetuning, each tried for every start and kind of label."""
TUNING_SEED = 100
"""No seed of the evidence."""
TARGET_WEIGHTS = {'mse': (0.2, 1.0, 5.0, 25.0), 'cross_entropy': (0.1, 0.5, 1.0, 2.5)}
"""Motion loss weights tried for the other targets of Table 1, four each, as for InfoNCE; context weighs 0.5 beside
them. The fourth ones were added where the best of three lay at the end, and to the other target as well."""
ALPHAS = {0.25: 'alpha_025', 0.5: 'both', 0.75: 'alpha_075', 0.9: 'alpha_09'}
"""InfoNCE's motion loss weights: the alphas of equation 3, and the rows that have them."""
GAPS = {2: 'alpha_09', 6: 'gap_6', 12: 'far_future_09', 20: 'gap_20'}
"""Frames between clip and motion that were tried at alpha 0.9, and the rows that have them; the paper's have 2."""
CHOSEN = REPOSITORY / 'evidence/settings.json'


def tuned_rate(start: str, kind: str) -> float:
    """The learning rate of finetuning from `start`.

    Raises:
        FileNotFoundError, KeyError: it was never tuned.
    """
    if not CHOSEN.exists():
        raise FileNotFoundError(f'{CHOSEN}: no settings yet. Remedy: python evidence/run_suite.py --tune')
    return json.loads(CHOSEN.read_text())['learning_rates'][start][kind]


def choose_rates() -> dict[str, dict[str, float]]:
    """Of the tuning runs on disk, the rate with the highest top-1 by start and kind; of equals, the smaller."""
    found = {
        finished.row: finished.figures['top1']
        for finished in load_finished()
        if finished.split == 'val' and finished.seed == TUNING_SEED and finished.row.startswith('few_')
    }
    chosen: dict[str, dict[str, float]] = {}
    for start in FEW_LABEL_STARTS:
        for kind in KINDS['basic']:
            scores = {lr: found.get(f'few_{start}_{kind}_4_lr{lr:g}') for lr in LEARNING_RATES}
            known = {lr: score for lr, score in scores.items() if score is not None}
            if len(known) < len(LEARNING_RATES):
                raise ValueError(f'{start}, {kind}: {len(known)} of {len(LEARNING_RATES)} rates have been tried.')
            chosen.setdefault(start, {})[kind] = max(known, key=lambda lr: (known[lr], -lr))
    return chosen


def recall_of_weights() -> dict[str, dict[str, float]]:
    """Joint R@1 on the validation split of every weight tried for every target of Table 1."""
    found = _recalls()
    alphas = {f'{alpha:g}': found[row] for alpha, row in ALPHAS.items()}
    return {'infonce': alphas} | {
        target: {f'{weight:g}': found[f'{target}_{weight:g}'] for weight in weights}
        for target, weights in TARGET_WEIGHTS.items()
    }


def recall_of_candidates() -> dict[str, float]:
    """The same of what is ours, and of what it has to beat."""
    found = _recalls()
    return {name: found[name] for name in dict.fromkeys([*CANDIDATES.values(), *CANDIDATES])}


def recall_of_gaps() -> dict[str, float]:
    """The same of every gap before the motion that was tried."""
    found = _recalls()
    return {str(gap): found[row] for gap, row in GAPS.items()}


def _recalls() -> dict[str, float]:
    return {
        finished.row: finished.figures['R@1 joint']
        for finished in load_finished()
        if finished.split == 'val' and finished.seed == TUNING_SEED and 'R@1 joint' in finished.figures
    }


def write_chosen(contents: dict[str, Any]) -> None:
    CHOSEN.write_text(json.dumps(contents, indent=1) + '\n')
