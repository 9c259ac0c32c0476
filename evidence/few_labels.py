"""Few-label finetuning: many short trainings from the same initial weights in one process, which starts only once.

    python evidence/few_labels.py --start both --seed 0                    # on the test split, with the tuned rates
    python evidence/few_labels.py --start both --seed 101 --split val      # every rate, on the validation split
    python evidence/few_labels.py --start both --seed 0 --split fresh      # on videos of another seed

Each training is configs/evidence/finetune.py with another list: `shots` labelled videos of every class, drawn with the
seed, whose lines repeat until one epoch holds all steps. Labels are those of context, motion and both together. To
choose rates, weights of seed 100 are finetuned with several seeds; otherwise weights have the seed of their finetuning.
All starts of RIVALS.md use the rates of "both".
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.config import Config
from rival_rows import START_NAMES
from rows import CONFIGS, FEW_LABEL_STARTS, KINDS, SHOTS, WORK, Level, annotations, folder
from settings import LEARNING_RATES, TUNING_SEED, tuned_rate
from store import OF_RIVALS, digest, is_done, result, save
from trainings import trainings_of_start

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.annotation import Entry, read_list
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.launch import runner_from

STEPS = {'context': 200, 'motion': 200, 'joint': 600, 'fall': 200}
"""Steps by kind of label: with four labels for each of 64 classes, 200 steps of 8 videos show each video six times."""
BATCH = 8
TUNED_SHOTS = (4,)
"""Labels per class with which rates are chosen; the rates are also used for one and sixteen."""


def few_label_list(entries: list[Entry], shots: int, seed: int, lines: int) -> list[Entry]:
    """`shots` videos of every class, repeated in turn until there are `lines` lines.

    Raises:
        ValueError: a class has fewer videos.
    """
    smallest = min(sum(entry.label == label for entry in entries) for label in {entry.label for entry in entries})
    if shots > smallest:
        raise ValueError(f'{shots} labels per class requested, but the smallest class has {smallest} videos')
    chosen: list[Entry] = []
    for label in sorted({entry.label for entry in entries}):
        members = [entry for entry in entries if entry.label == label]
        order = np.random.default_rng([seed, label]).permutation(len(members))[:shots]
        chosen += [members[i] for i in sorted(order)]
    return (chosen * (lines // len(chosen) + 1))[:lines]


def config_of(
    start: str, kind: str, shots: int, *, lr: float, seed: int, weights: int, split: str, level: Level = 'basic'
) -> Config:
    """The config of one cell's finetuning, after its list is written.

    Args:
        start: 'scratch', or the row of the suite whose checkpoint is the start.
        kind: kind of label.
        shots: labels per class.
        lr: learning rate.
        seed: seed of the drawn labels, of order, samples and new layers.
        weights: seed of the start's training.
        split: split of the test.
        level: level of the videos.
    """
    steps = STEPS[kind]
    training = few_label_list(read_list(annotations(level, 'train', kind), 'required'), shots, seed, steps * BATCH)
    name = f'{start}_{kind}_{shots}_{lr:g}_{seed}'
    lines = WORK / 'few_labels' / f'{name}.txt'
    lines.parent.mkdir(parents=True, exist_ok=True)
    lines.write_text(''.join(f'{entry.path} {entry.label}\n' for entry in training))
    options: dict[str, Any] = {
        'train_dataloader.dataset.ann_file': str(lines),
        'train_dataloader.num_workers': 0,
        'train_dataloader.dataset.data_prefix.video': str(WORK / level),
        'test_dataloader.dataset.ann_file': str(annotations(level, split, kind)),
        'test_dataloader.dataset.data_prefix.video': str(WORK / level),
        'test_dataloader.num_workers': 0,
        'model.cls_head.num_classes': 1 + max(int(entry.label or 0) for entry in training),
        'optim_wrapper.optimizer.lr': lr,
        'param_scheduler.0.begin': steps // 2,
        'param_scheduler.0.end': steps,
        'randomness.seed': seed,
        'experiment_name': f'{name}_{split}',
        'work_dir': str(WORK / 'few_labels' / name),
        'default_hooks.checkpoint.interval': 200,  # epochs: only the last is kept
        'log_level': 'WARNING',
    }
    if start == 'scratch':
        options['model.init_cfg'] = None
    else:
        options['model.init_cfg.checkpoint'] = str(folder(start, weights))
    config = load_config(CONFIGS / 'finetune.py', options)
    config.launcher = 'none'
    return config


def finetune(config: Config) -> float:
    """Train and test; returns top-1 in percent."""
    runner = runner_from(config)
    runner.train()
    return 100 * runner.test()['finetune/top1']


def cells(kinds: Sequence[str], shots: tuple[int, ...]) -> list[tuple[str, int]]:
    """(kind, labels per class), without cells for which the training split has too few videos."""
    return [(kind, count) for kind in kinds for count in shots if not (kind == 'joint' and count > 9)]


def missing_cells(
    start: str, seed: int, kinds: Sequence[str], *, split: str, published: bool = False
) -> Iterator[tuple[str, Config, str]]:
    """Name, finetuning and settings of every cell without a result; with `published`, results in the repository count.

    On the validation split every rate is a cell.
    """
    tune = split == 'val'
    weights = TUNING_SEED if tune else seed
    trainings = trainings_of_start(start, weights)
    for kind, shots in cells(kinds, TUNED_SHOTS if tune else SHOTS):
        for lr in LEARNING_RATES[kind] if tune else (tuned_rate('both' if OF_RIVALS in start else start, kind),):
            row = f'few_{start}_{kind}_{shots}' + (f'_lr{lr:g}' if tune else '')
            config = config_of(start, kind, shots, lr=lr, seed=seed, weights=weights, split=split)
            settings = digest(config, *trainings)
            if not is_done(row, seed, split, settings, published=published):
                yield row, config, settings


def main() -> None:
    args = parse_args()
    for kind in args.kinds:
        if not (tested := annotations('basic', args.split, kind)).exists():
            sys.exit(f'{tested}: there is no such list. Remedy: run run_suite.py, with --fresh for fresh videos.')
    for row, config, settings in missing_cells(
        args.start, args.seed, args.kinds, split=args.split, published=args.missing
    ):
        begun = time.monotonic()
        top1 = finetune(config)
        save(result(row, args.seed, args.split, {'top1': top1}, (time.monotonic() - begun) / 60, settings))
        print(f'{row}, seed {args.seed}: {top1:.1f} in {time.monotonic() - begun:.0f} s', flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--start', choices=[*FEW_LABEL_STARTS, *START_NAMES], required=True)
    parser.add_argument('--seed', type=int, required=True)
    parser.add_argument('--kinds', nargs='+', choices=KINDS['basic'], default=list(KINDS['basic']))
    parser.add_argument(
        '--split', choices=['val', 'test', 'fresh'], default='test',
        help='test split; val: every learning rate, from weights of seed 100; fresh: videos of another seed '
        '(default: %(default)s)',
    )  # fmt: skip
    parser.add_argument('--missing', action='store_true', help='skip what evidence/results.json already has')
    return parser.parse_args()


if __name__ == '__main__':
    main()
