"""Compare two processes with one after some steps, and one process with itself after a tiny change of its weights.

    python benchmarks/two_processes.py                # reads the output of `make demo`
    python benchmarks/two_processes.py --lr 0.00001   # at a warm-up's rate

Three runs of configs/demo/pretrain.py start from the same weights, fp32, without dropout, on the same global batches:
one process, two processes (gloo), and one process with half of its initial weights changed by one unit in the last
place. No
implementation can avoid the difference between the third and the first: training itself amplifies rounding.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from mmaction.registry import MODELS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import Row, read_curves

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIG = REPOSITORY / 'configs/demo/pretrain.py'
GLOBAL_BATCH = 16
KEYS = ('loss_context', 'loss_motion')


def write_starts(folder: Path) -> tuple[Path, Path]:
    """Write random weights, and the same with a random half of the values raised by one unit in the last place."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(CONFIG).model)
    weights = model.state_dict()
    nudged = {
        key: torch.where(torch.rand(value.shape) < 0.5, torch.nextafter(value, value.new_tensor(torch.inf)), value)
        if value.is_floating_point()
        else value
        for key, value in weights.items()
    }
    for name, state in (('start', weights), ('nudged', nudged)):
        torch.save({'state_dict': state, 'meta': {}}, folder / f'{name}.pth')
    return folder / 'start.pth', folder / 'nudged.pth'


def run(work_dir: Path, start: Path, processes: int, steps: int, lr: float) -> list[Row]:
    """The logged rows of one run."""
    options = [
        f'load_from={start}', f'train_dataloader.batch_size={GLOBAL_BATCH // processes}',
        'train_dataloader.num_workers=0', 'model.motion_head.predictor.dropout=0.0',
        f'optim_wrapper.optimizer.lr={lr}', 'randomness.seed=0',
        f'train_cfg.max_epochs={-(-steps // 36)}', 'default_hooks.logger.interval=1', 'log_processor.window_size=1',
    ]  # fmt: skip
    tool = (
        [sys.executable, 'tools/train.py', CONFIG] if processes == 1 else ['bash', 'tools/dist_train.sh', CONFIG, '2']
    )
    command = [*map(str, tool), '--work-dir', str(work_dir), '--cfg-options', *options]
    environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHON=sys.executable)
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.DEVNULL)
    return read_curves(work_dir)[:steps]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--steps', type=int, default=20)
    parser.add_argument(
        '--lr', type=float, default=0.001, help="learning rate of AdamW; default: the demo's, %(default)s"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start, nudged = write_starts(folder)
        one, two, other = (
            run(folder / name, weights, processes, args.steps, args.lr)
            for name, weights, processes in (('one', start, 1), ('two', start, 2), ('nudged', nudged, 1))
        )
    print(f'{args.steps} steps, lr {args.lr:g}; largest difference to one process')
    for key in KEYS:
        apart = [max(abs(a[key] - b[key]) for a, b in zip(one, rows, strict=True)) for rows in (two, other)]
        print(
            f'{key}: {one[0][key]:.4f} -> {one[-1][key]:.4f}; two processes {apart[0]:.1e}, one nudged {apart[1]:.1e}'
        )


if __name__ == '__main__':
    main()
