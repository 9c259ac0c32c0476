"""The paper's claims as differences between two rows, and the verdict on each.

A claim says that one row beats another in one figure. Rows are compared seed by seed; with three seeds or more, a 95 %
t-interval of the mean difference decides:

* holds: the whole interval is above zero;
* does not hold: the whole interval is below zero, or all seeds are equal;
* undecided: the interval contains zero; or there are fewer seeds, because two seeds that agree by chance have a very
  small interval.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Literal, NamedTuple

from scipy.stats import t
from store import Result

Verdict = Literal['holds', 'does not hold', 'undecided', 'not run']
TUNED_INFONCE = 'alpha_09'
"""The row whose alpha is best on the validation split."""
FEWEST_SEEDS = 3
"""Smallest number of seeds for a verdict."""


class Claim(NamedTuple):
    """A statement of the paper, and the comparison that can refute it."""

    table: str
    sentence: str
    figure: str
    better: str
    worse: str


class Judged(NamedTuple):
    """A claim and its verdict from the runs."""

    claim: Claim
    verdict: Verdict
    better: tuple[float, ...]  # by seed
    worse: tuple[float, ...]  # by seed, for the same seeds
    seeds: tuple[int, ...]

    @property
    def differences(self) -> list[float]:
        return [a - b for a, b in zip(self.better, self.worse, strict=True)]


CLAIMS = (
    # Direction and turn make eight classes; knowing only the direction gives half of the answers.
    Claim('1', 'Predicting future motion teaches what comes next better than predicting current motion.',
          'probe motion', 'turn_future_motion', 'turn_current_motion'),
    Claim('1', 'The same with I-frames beside it.', 'probe motion', 'turn_future', 'turn_current'),
    Claim('1', 'Where current motion tells the class, predicting future motion serves retrieval better.',
          'R@1 motion', 'both', 'current'),
    # Each target at the best of its four weights on the validation split.
    Claim('1', 'Pointwise InfoNCE beats mean squared error.', 'R@1 joint', TUNED_INFONCE, 'mse'),
    Claim('1', 'Pointwise InfoNCE beats mean squared error, by motion.', 'R@1 motion', TUNED_INFONCE, 'mse'),
    Claim('1', 'Pointwise InfoNCE beats cross-entropy.', 'R@1 joint', TUNED_INFONCE, 'cross_entropy'),
    Claim('1', 'Pointwise InfoNCE beats cross-entropy, by motion.', 'R@1 motion', TUNED_INFONCE, 'cross_entropy'),
    Claim('1', 'The Transformer beats the ConvGRU.', 'R@1 joint', 'both', 'convgru'),
    Claim('1', 'The Transformer beats the ConvGRU, by motion.', 'R@1 motion', 'both', 'convgru'),
    *(
        Claim('2', f'Finetuning gains from pretraining with {shots} labels a class, {kind} label.', 'top1',
              f'few_both_{kind}_{shots}', f'few_scratch_{kind}_{shots}')
        for kind in ('context', 'motion', 'joint') for shots in (1, 4, 16) if (kind, shots) != ('joint', 16)
    ),
    Claim('2', 'Finetuning gains from pretraining with all labels.', 'top1', 'finetuned', 'scratch'),
    Claim('4', 'I-frames alone teach context.', 'R@1 context', 'iframes', 'random'),
    Claim('4', 'Motion vectors alone teach motion.', 'R@1 motion', 'motion_vectors', 'random'),
    Claim('4', 'Both together beat I-frames alone.', 'R@1 joint', 'both', 'iframes'),
    Claim('4', 'Both together beat motion vectors alone.', 'R@1 joint', 'both', 'motion_vectors'),
    Claim('4', 'By nearest neighbours, motion vectors alone tell mirrored motions apart.', 'R@1 mirrored',
          'motion_vectors', 'random'),
    Claim('4', 'So do both together.', 'R@1 mirrored', 'both', 'random'),
    Claim('4', 'Both together beat I-frames alone even in context.', 'R@1 context', 'both', 'iframes'),
    Claim('4', 'Both together beat motion vectors alone even in motion.', 'R@1 motion', 'both', 'motion_vectors'),
    Claim('5', 'The V-Network retrieves better than its I-Network.', 'R@1 joint', 'both', 'i_network'),
    Claim('5', 'The V-Network retrieves better than its M-Network.', 'R@1 joint', 'both', 'm_network'),
    Claim('5', 'The V-Network retrieves context better than its I-Network.', 'R@1 context', 'both', 'i_network'),
    Claim('5', 'The V-Network retrieves motion better than its M-Network.', 'R@1 motion', 'both', 'm_network'),
    Claim('6', 'Motion prediction as a regulariser helps supervised training.', 'top1', 'regularised', 'scratch'),
    Claim('7', 'Transfer rises with pretext training: after 10 epochs, at the same rate, above 2.', '', 'both@10',
          'both@2'),
    Claim('7', 'And keeps rising: after 30 epochs, the rate at zero, above 10.', '', 'both@30', 'both@10'),
    Claim('9', 'Pretraining beats random weights.', 'R@1 joint', 'both', 'random'),
    Claim('ours', 'Half of the channels for each task help.', 'R@1 joint', 'own_channels', 'both'),
    Claim('ours', 'To predict motion further ahead helps.', 'R@1 joint', 'far_future', 'both'),
    Claim('ours', 'The same at alpha 0.9.', 'R@1 joint', 'far_future_09', 'alpha_09'),
    Claim('ours', 'So nearest neighbours tell mirrored motions apart.', 'R@1 mirrored', 'far_future_09', 'alpha_09'),
    # far_vector_maps has the configs of today's far_future_09, whose published runs are older.
    *(
        Claim('ours', f'A whole clip that finds its motion helps{level}, {kind} label.', f'R@1 {kind}', better, worse)
        for level, better, worse in (
            ('', 'clip_motion', 'far_vector_maps'),
            (' on the hard level', 'hard_clip_motion', 'hard_far_future_09'),
        )
        for kind in ('joint', 'context', 'motion')
    ),
    *(
        Claim('ours', f'Motion without the camera serves better{level}, {kind} label.', f'R@1 {kind}',
              f'{hard}steady_clip_motion', f'{hard}clip_motion')
        for level, hard in (('', ''), (' on the hard level', 'hard_')) for kind in ('joint', 'motion')
    ),
    *(
        Claim('ours', f'Finetuning gains from {words} with 4 labels a class, {kind} label.', 'top1',
              f'few_{start}_{kind}_4', f'few_scratch_{kind}_4')
        for start, words in (('alpha_09', 'alpha 0.9'), ('far_future_09', 'alpha 0.9 and motion further ahead'))
        for kind in ('context', 'motion', 'joint')
    ),
    *(
        Claim('ours', f'Residual energy {words} helps{level}, {kind} label.', f'R@1 {kind}', f'{hard}{row}',
              f'{hard}no_residual')
        for row, words in (('residual_channels', "in the M-Network's input"), ('residual_target', 'as a third target'))
        for level, hard in (('', ''), (' on the hard level', 'hard_')) for kind in ('joint', 'motion')
    ),
    Claim('ours', 'Pretraining three times as long helps.', 'R@1 joint', 'long', 'both'),
    Claim('method', 'Hard negatives of the same video help.', 'R@1 motion', 'both', 'no_hard_negatives'),
    Claim('method', 'Negating dx of mirrored windows beats keeping it, as released.', 'R@1 motion', 'both',
          'same_sign_flip'),
    Claim('4, hard', 'On the hard level, both together beat I-frames alone.', 'R@1 joint', 'hard_both',
          'hard_iframes'),
    Claim('4, hard', 'On the hard level, both together beat motion vectors alone.', 'R@1 joint', 'hard_both',
          'hard_motion_vectors'),
    Claim('9, hard', 'On the hard level, pretraining beats random weights.', 'R@1 joint', 'hard_both', 'hard_random'),
)  # fmt: skip


def values(results: Sequence[Result], row: str, figure: str, split: str = 'test') -> dict[int, float]:
    """Seed -> figure on a split; `row@epoch` is the joint R@1 of a run's validation after that epoch."""
    name, _, epoch = row.partition('@')
    figure = f'epoch {epoch} R@1 joint, validation' if epoch else figure
    return {
        found.seed: found.figures[figure]
        for found in results
        if found.row == name and found.split == split and figure in found.figures
    }


def judge(claim: Claim, results: Sequence[Result], split: str = 'test') -> Judged:
    """Judge the claim with the seeds that both rows have."""
    better, worse = (values(results, row, claim.figure, split) for row in (claim.better, claim.worse))
    seeds = tuple(sorted(better.keys() & worse.keys()))
    pairs = tuple(better[seed] for seed in seeds), tuple(worse[seed] for seed in seeds)
    return Judged(claim, _verdict([a - b for a, b in zip(*pairs, strict=True)]), *pairs, seeds)


def _verdict(differences: list[float]) -> Verdict:
    if not differences:
        return 'not run'
    if len(differences) < FEWEST_SEEDS:
        return 'undecided'
    mean, half = fmean(differences), half_interval(differences)
    if mean + half < 0 or not any(differences):
        return 'does not hold'
    return 'holds' if mean - half > 0 else 'undecided'


def half_interval(numbers: Sequence[float]) -> float:
    """Half the 95 % t-interval of a mean."""
    return float(t.ppf(0.975, len(numbers) - 1)) * stdev(numbers) / sqrt(len(numbers))
