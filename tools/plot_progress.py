"""Show what a training run had learnt after some of its epochs, as a table and a plot (Tables 3 and 7).

    python tools/plot_progress.py work_dirs/ablations/table7

It reads the log of a run whose config validates at some epochs (train_cfg.val_epochs). Accuracies of the pretext tasks
are means over the logged batches of that epoch, in percent; other figures are from the validation. It writes
progress.png.
"""

import argparse
from pathlib import Path

from cmvl_mm.engine.logs import Row, epoch_mean, read_curves, read_validations
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.visualization.figures import draw_progress

TRAINING_KEYS = ('acc_context', 'acc_motion', 'acc_residual', 'acc_cls')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path)
    return parser.parse_args()


def progress(work_dir: Path) -> dict[int, Row]:
    """Epoch -> training accuracies in percent, and figures of the validation.

    Raises:
        ValueError: no validation has run.
    """
    curves, found = read_curves(work_dir), read_validations(work_dir)
    if not found:
        raise ValueError(f'{work_dir}: the log has no validation. Remedy: train with train_cfg.val_epochs.')
    keys = [key for key in TRAINING_KEYS if any(key in row for row in curves)]
    return {
        epoch: {key: 100 * epoch_mean(curves, key, epoch) for key in keys}
        | {key: value for key, value in row.items() if '/' in key}
        for epoch, row in sorted(found.items())
    }


def main() -> None:
    args = parse_args()
    rows = progress(args.work_dir)
    names = list(next(iter(rows.values())))
    print(
        text_table(
            [['epoch', *names], *([str(epoch), *(f'{row[n]:.1f}' for n in names)] for epoch, row in rows.items())]
        )
    )
    target = args.work_dir / 'progress.png'
    draw_progress(rows, [name for name in names if not name.endswith(('queries', 'gallery'))]).savefig(target, dpi=120)
    print(target)


if __name__ == '__main__':
    main()
