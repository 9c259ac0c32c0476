"""Run every ablation at the demo's size and budget, and write one table of results.

    make demo                                   # makes the videos
    python tools/demo_ablations.py              # trains every row that is not finished, tests it, prints the table
    python tools/demo_ablations.py --only table1_mse table4_iframes

Rows run side by side, one thread each; repeat the command to resume. TV-L1 takes a tenth of a second per frame, so
optical flow trains on a third of the videos, each three times an epoch, as does a row of vectors for comparison. The
row of optical flow is skipped with a message until the flow of that third exists (about 40 minutes of one core):

    cmvl prepare work_dirs/demo/ablations/flow_videos.txt work_dirs/demo/prepared/videos \\
        --root work_dirs/demo/source/videos --flow

Writes work_dirs/demo/ablations/table.md.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmvl_mm.controlled.video_set import LABELS
from cmvl_mm.datasets.annotation import Entry, read_list
from cmvl_mm.datasets.flow import flow_path
from cmvl_mm.datasets.subset import stratified_subset
from cmvl_mm.engine.logs import epoch_mean, read_curves, read_test
from cmvl_mm.evaluation.features import load_features
from cmvl_mm.evaluation.retrieval import recall_at
from cmvl_mm.evaluation.tables import text_table

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / 'configs/demo'
DEMO = Path('work_dirs/demo')
LAST_EPOCH = 12
TRAINING_LIST = DEMO / 'source/annotations/train_joint.txt'
THIRD = DEMO / 'ablations/third.txt'
FLOW_VIDEOS = DEMO / 'ablations/flow_videos.txt'
ON_A_THIRD = (f'train_dataloader.dataset.ann_file={THIRD}',)


class Row(NamedTuple):
    """One line of the table."""

    name: str
    title: str
    train: str | None  # config below configs/demo; None: a network of the base's pretraining is tested
    test: str = 'retrieval'
    options: tuple[str, ...] = ()  # options of the training


ROWS = [
    Row('base', 'both, InfoNCE on future vectors, Transformer', 'pretrain'),
    Row('table1_current', 'Table 1: current vectors', 'table1_current'),
    Row('table1_mse', 'Table 1: MSE on vectors', 'table1_mse'),
    Row('table1_cross_entropy', 'Table 1: cross-entropy on vectors', 'table1_cross_entropy'),
    Row('table1_convgru', 'Table 1: ConvGRU', 'table1_convgru'),
    Row('table4_iframes', 'Table 4: I-frames alone', 'table4_iframes'),
    Row('table4_motion_vectors', 'Table 4: motion vectors alone', 'table4_motion_vectors'),
    Row('third', 'both, on a third of the videos', 'pretrain', options=ON_A_THIRD),
    Row('table4_optical_flow', 'Table 4: I-frames + flow, the same third', 'table4_optical_flow', options=ON_A_THIRD),
    Row('table5_i_network', 'Table 5: I-Network of base', None, 'table5_i_network'),
    Row('table5_m_network', 'Table 5: M-Network of base', None, 'table5_m_network'),
    Row('scratch', 'Table 6: classifier from scratch', 'finetune', 'finetune', ('model.init_cfg=None',)),
    Row('table6', 'Table 6: the same, motion as regulariser', 'table6', 'table6'),
]


def main() -> None:
    args = parse_args()
    if not (DEMO / 'prepared/videos').is_dir():
        sys.exit(f'{DEMO}/prepared/videos: there is no such folder. Remedy: run `make demo` here first.')
    write_third()
    rows = [row for row in ROWS if not args.only or row.name in args.only]
    without_flow = [row for row in rows if row.name == 'table4_optical_flow' and not has_flow()]
    trained = [row for row in rows if row.train is not None and row not in without_flow]
    with ThreadPoolExecutor(args.lanes) as pool:
        list(pool.map(train_and_test, trained))
        list(pool.map(test, [row for row in rows if row.train is None]))
    lines = [['', *(f'R@1 {kind}' for kind in LABELS), 'pretext context, motion', 'top-1']]
    lines += [[row.title, *figures(row)] for row in rows if row not in without_flow]
    table = text_table(lines)
    print(f'\n{table}')
    for row in without_flow:
        print(f'{row.title}: not run, because the videos have no flow files. Remedy: see --help.')
    (DEMO / 'ablations/table.md').write_text(f'```\n{table}\n```\n')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=[row.name for row in ROWS], help='run these rows only')
    parser.add_argument('--lanes', type=int, default=2, help='rows at a time (default: %(default)s)')
    return parser.parse_args()


def third() -> list[Entry]:
    """A third of the training videos of every class."""
    entries = read_list(TRAINING_LIST, 'required')
    return [entries[position] for position in stratified_subset([entry.label for entry in entries], 1 / 3, seed=0)]


def write_third() -> None:
    """Write the training list, as long as the whole list, and the list of files that need flow."""
    THIRD.parent.mkdir(parents=True, exist_ok=True)
    THIRD.write_text(3 * ''.join(f'{entry.path} {entry.label}\n' for entry in third()))
    FLOW_VIDEOS.write_text(''.join(f'{Path(entry.path).name}\n' for entry in third()))


def has_flow() -> bool:
    """Whether every video of the third has its flow."""
    return all(Path(flow_path(DEMO / 'prepared' / entry.path)).is_file() for entry in third())


def folder(row: Row) -> Path:
    return DEMO / 'ablations' / row.name


def train_and_test(row: Row) -> None:
    begun = time.monotonic()
    config = CONFIGS / f'{row.train}.py'
    options = ('--cfg-options', *row.options) if row.options else ()
    run(row, 'train', config, '--work-dir', folder(row), '--resume', *options)
    test(row)
    print(f'{row.name}: {(time.monotonic() - begun) / 60:.1f} minutes', flush=True)


def test(row: Row) -> None:
    checkpoint = (folder(row) if row.train else folder(ROWS[0])) / f'epoch_{LAST_EPOCH}.pth'
    tested = f'{folder(row)}_test'
    dump = folder(row).with_suffix('.npz')
    if row.test in ('finetune', 'table6'):
        run(row, 'test', CONFIGS / f'{row.test}.py', checkpoint, '--work-dir', tested)
    else:
        run(row, 'test', CONFIGS / f'{row.test}.py', checkpoint, '--work-dir', tested, '--dump-features', dump)


def run(row: Row, tool: str, *arguments: str | Path) -> None:
    """Run a command of the toolkit on one thread; its output goes to a file, which is named if the command fails."""
    command = [sys.executable, str(REPOSITORY / f'tools/{tool}.py'), *map(str, arguments)]
    log = DEMO / 'ablations' / f'{row.name}_{tool}.txt'
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w') as out:
        outcome = subprocess.run(
            command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | {'OMP_NUM_THREADS': '1'}, check=False
        )
    if outcome.returncode != 0:
        raise RuntimeError(
            f'{row.name}: tools/{tool}.py failed with exit code {outcome.returncode}. Remedy: read {log}.'
        )


def figures(row: Row) -> list[str]:
    """R@1 by context, motion and joint label, the last epoch's pretext accuracies, top-1; '-' for missing figures."""
    pretext = '-'
    if row.train is not None:
        curves = read_curves(folder(row))
        found = [f'{100 * epoch_mean(curves, key, LAST_EPOCH):.1f}' if key in curves[-1] else '-' for key in
                 ('acc_context', 'acc_motion')]  # fmt: skip
        pretext = ', '.join(found)
    if row.test in ('finetune', 'table6'):
        top1 = read_test(Path(f'{folder(row)}_test'))['finetune/top1']
        return ['-', '-', '-', pretext, f'{100 * top1:.1f}']
    dumped = load_features(folder(row).with_suffix('.npz'))
    recalls = []
    for kind in LABELS:
        by_path = {
            entry.path: entry.label
            for part in ('train', 'test')
            for entry in read_list(DEMO / f'source/annotations/{part}_{kind}.txt', 'required')
        }
        labels, query = np.array([by_path[str(path)] for path in dumped.paths]), dumped.is_query
        found_at = recall_at(dumped.features[query], labels[query], dumped.features[~query], labels[~query], (1,))
        recalls.append(f'{found_at[1]:.1f}')
    return [*recalls, pretext, '-']


if __name__ == '__main__':
    main()
