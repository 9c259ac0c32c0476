"""Settings chosen on the validation split."""

import json
from statistics import fmean
from typing import Any

from rows import CANDIDATES, FEW_LABEL_STARTS, KINDS, REPOSITORY
from store import load_published

LEARNING_RATES = {
    'context': (0.001, 0.003, 0.01, 0.03, 0.1),
    'motion': (0.001, 0.003, 0.01, 0.03, 0.1),
    'joint': (0.0003, 0.001, 0.003, 0.01),
}
"""Learning rates of finetuning by kind of label, each tried for every start. 0.03 and 0.1 were added because the best
of four rates from 0.0003 was at the end for some starts."""
TUNING_SEED = 100
"""Seed of pretrainings that choose settings; the evidence does not use it."""
RATE_SEEDS = (TUNING_SEED, 101, 102)
"""Seeds of labels, order and new layers of the finetunings that choose a rate; with one seed chance decided."""
TARGET_WEIGHTS = {'mse': (0.2, 1.0, 5.0, 25.0), 'cross_entropy': (0.1, 0.5, 1.0, 2.5)}
"""Motion loss weights tried for the other targets of Table 1, four each, as for InfoNCE; the context weight is 0.5.
The fourth weight was added because the best of three was at the end for one target; the other got a fourth as well."""
ALPHAS = {0.25: 'alpha_025', 0.5: 'both', 0.75: 'alpha_075', 0.9: 'alpha_09'}
"""InfoNCE's motion loss weights: the alphas of equation 3, and the rows that have them."""
GAPS = {2: 'alpha_09', 6: 'gap_6', 12: 'far_future_09', 20: 'gap_20'}
"""Frames between clip and motion that were tried at alpha 0.9, and the rows that have them; the paper has 2."""
CHOSEN = REPOSITORY / 'evidence/settings.json'


def tuned_rate(start: str, kind: str) -> float:
    """The learning rate of finetuning from `start`.

    Raises:
        FileNotFoundError, KeyError: the rate was never tuned.
    """
    if not CHOSEN.exists():
        raise FileNotFoundError(f'{CHOSEN}: no settings yet. Remedy: run python evidence/run_suite.py --tune')
    return json.loads(CHOSEN.read_text())['learning_rates'][start][kind]


def top1_of_rates() -> dict[str, dict[str, dict[float, float]]]:
    """Mean top-1 over `RATE_SEEDS` on the validation split, by start, kind of label and rate.

    Raises:
        KeyError: a finetuning has no published result.
    """
    found = {
        (finished.row, finished.seed): finished.figures['top1']
        for finished in load_published()
        if finished.split == 'val' and finished.row.startswith('few_')
    }

    def mean(start: str, kind: str, lr: float) -> float:
        return round(fmean(found[f'few_{start}_{kind}_4_lr{lr:g}', seed] for seed in RATE_SEEDS), 3)

    return {
        start: {kind: {lr: mean(start, kind, lr) for lr in LEARNING_RATES[kind]} for kind in KINDS['basic']}
        for start in FEW_LABEL_STARTS
    }


def best_rate(top1: dict[float, float]) -> float:
    """The rate with the highest top-1; the smaller of equal ones."""
    return max(top1, key=lambda lr: (top1[lr], -lr))


def recall_of_weights() -> dict[str, dict[str, float]]:
    """Joint R@1 on the validation split of every weight tried for every target of Table 1."""
    found = _recalls()
    alphas = {f'{alpha:g}': found[row] for alpha, row in ALPHAS.items()}
    return {'infonce': alphas} | {
        target: {f'{weight:g}': found[f'{target}_{weight:g}'] for weight in weights}
        for target, weights in TARGET_WEIGHTS.items()
    }


def recall_of_candidates() -> dict[str, float]:
    """Joint R@1 on the validation split of our own rows, and of the rows they have to beat."""
    found = _recalls()
    return {name: found[name] for name in dict.fromkeys([*CANDIDATES.values(), *CANDIDATES])}


def recall_of_gaps() -> dict[str, float]:
    """Joint R@1 on the validation split of every gap that was tried before the motion."""
    found = _recalls()
    return {str(gap): found[row] for gap, row in GAPS.items()}


def _recalls() -> dict[str, float]:
    return {
        finished.row: finished.figures['R@1 joint']
        for finished in load_published()
        if finished.split == 'val' and finished.seed == TUNING_SEED and 'R@1 joint' in finished.figures
    }


def write_chosen() -> None:
    """Write all chosen settings and the figures they were chosen from, from the published results."""
    tried = top1_of_rates()
    rates = {start: {kind: best_rate(top1) for kind, top1 in kinds.items()} for start, kinds in tried.items()}
    contents: dict[str, Any] = dict(
        learning_rates=rates, top1_of_rates=tried, target_weights=recall_of_weights(), gaps=recall_of_gaps(),
        candidates=recall_of_candidates(),
    )  # fmt: skip
    CHOSEN.write_text(json.dumps(contents, indent=1) + '\n')
