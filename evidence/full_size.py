"""Train the full-size networks at 16x112x112 with the paper's optimiser, on the benchmark's larger level.

    python evidence/full_size.py --net c3d r3d26                                       # a GPU
    python evidence/full_size.py --net c3d --share 0.2 --epochs 3 --batch 4 --clips 1  # what a CPU can do

The script runs configs/pretrain_{net}_ucf.py with the lists of level hard: stride 4, SGD, the rate scaled to the batch,
warm-up and cosine in the same shares as for 120 epochs, but at least two epochs of warm-up (of three epochs, two have
the full rate). It records losses and pretext accuracies during training, clips per second, and every read-out before
and after training, in evidence/results.json and EVIDENCE.md.
"""

import argparse
import time
from pathlib import Path
from statistics import median

import torch
from readouts import figures
from report import write_report
from rows import REPOSITORY, WORK, Row, options_of_test
from run import alone, config_with, keep_settings, run, with_options
from run_suite import make_level
from store import digest, is_done, load_finished, load_published, publish, result, save
from tables import AT_EPOCH

from cmvl_mm.engine.logs import epoch_mean, read_curves

NETS = ('c3d', 'r3d26')
ROW = Row('full', 'full size', level='hard')
WARM_UP = 5 / 120
PARTS = 6
"""Parts of the training; losses and accuracies are recorded at the end of each part and of the first epoch."""
KEYS = ('loss_context', 'loss_motion', 'acc_context', 'acc_motion')


def warm_up_of(epochs: int) -> int:
    """The paper's share of epochs, but at least two: the rate rises between epochs, so it would not rise with one."""
    return max(2, round(WARM_UP * epochs))


def milestones(epochs: int) -> list[int]:
    """Epochs whose losses are recorded, including the first and the last."""
    return sorted({1, *(max(1, round(epochs * part / PARTS)) for part in range(1, PARTS + 1))})


def options_of_training(epochs: int, batch: int, share: float) -> list[str]:
    """`--cfg-options` of a pretraining on level hard; a checkpoint of half a gigabyte after each twelfth of it."""
    warm_up = warm_up_of(epochs)
    return [
        f'train_dataloader.dataset.ann_file={WORK}/hard/annotations/train_joint.txt',
        f'train_dataloader.dataset.data_prefix.video={WORK}/hard',
        f'train_dataloader.dataset.label_share={share}',
        f'train_dataloader.batch_size={batch}',
        f'train_cfg.max_epochs={epochs}',
        f'param_scheduler.0.end={warm_up}',
        f'param_scheduler.1.begin={warm_up}',
        f'param_scheduler.1.end={epochs}',
        f'param_scheduler.1.T_max={epochs - warm_up}',
        f'default_hooks.checkpoint.interval={max(1, epochs // 12)}',
        'default_hooks.logger.interval=1',
    ]


def options_of_retrieval(clips: int) -> list[str]:
    return [*options_of_test(ROW, 'test'), f'test_dataloader.dataset.pipeline.sample.num_clips={clips}']


def retrieval_config(net: str) -> Path:
    return REPOSITORY / f'configs/retrieval_{net}_ucf.py'


def retrieve(net: str, seed: int, clips: int, trained: bool) -> dict[str, float]:
    """Read-outs of the test split, with random or pretrained weights."""
    tested = WORK / 'tests' / f'full_{net}_{seed}_{"trained" if trained else "random"}'
    dump = tested / 'features.npz'
    options = options_of_retrieval(clips)
    command = [
        'tools/test.py', retrieval_config(net), *([work_dir(net, seed)] if trained else []),
        '--work-dir', tested, '--seed', seed, '--dump-features', dump,
        *with_options(options if trained else [*options, 'model.init_cfg=None']),
    ]  # fmt: skip
    run(tested.name, command, threads=torch.get_num_threads())
    return figures(dump, ROW, 'test')


def work_dir(net: str, seed: int) -> str:
    return str(WORK / 'runs' / f'full_{net}_{seed}')


def curves(net: str, seed: int, batch: int, epochs: int) -> dict[str, float]:
    """Means of the recorded epochs, and clips per second of the median step."""
    rows = read_curves(work_dir(net, seed))
    found = {
        f'{key}{AT_EPOCH}{epoch}': epoch_mean(rows, key, epoch) * (100 if key.startswith('acc') else 1)
        for epoch in milestones(epochs)
        for key in KEYS
    }
    return found | {'clips/s': batch / median(row['time'] for row in rows)}


def device_name() -> str:
    """Name of the GPU that trains, or '' for the processor."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ''


def main() -> None:
    args = parse_args()
    with alone():
        try_networks(args)


def try_networks(args: argparse.Namespace) -> None:
    """Run every network without a result of these settings, then write the report."""
    make_level('hard')
    for net in args.net:
        name = f'full_{net}'
        config, options = (
            REPOSITORY / f'configs/pretrain_{net}_ucf.py',
            options_of_training(args.epochs, args.batch, args.share),
        )
        settings = digest(
            config_with(config, options), config_with(retrieval_config(net), options_of_retrieval(args.clips))
        )
        if is_done(name, args.seed, 'test', settings):
            continue
        begun = time.monotonic()
        keep_settings(work_dir(net, args.seed), digest(config_with(config, options)))
        command = [
            'tools/train.py', config, '--work-dir', work_dir(net, args.seed), '--resume', '--seed', args.seed,
            *with_options(options),
        ]  # fmt: skip
        run(f'{name}_{args.seed}_train', command, threads=torch.get_num_threads())
        found = curves(net, args.seed, args.batch, args.epochs)
        for prefix, trained in (('random', False), ('trained', True)):
            read = retrieve(net, args.seed, args.clips, trained)
            found |= {f'{prefix} {key}': value for key, value in read.items()}
        found |= dict(epochs=args.epochs, batch=args.batch, share=args.share, clips=args.clips)
        save(result(name, args.seed, 'test', found, (time.monotonic() - begun) / 60, settings, device_name()))
        print(f'{name}: {found}', flush=True)
    publish(load_finished())
    write_report(load_published())


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--net', nargs='+', choices=NETS, default=list(NETS))
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--epochs', type=int, default=120)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--share', type=float, default=1.0, help='share of the training videos (default: %(default)s)')
    parser.add_argument(
        '--clips', type=int, default=4, help='clips of every video, for retrieval (default: %(default)s)'
    )
    args = parser.parse_args()
    if args.epochs < 3:
        parser.error('--epochs must be at least 3, because two epochs warm up')
    return args


if __name__ == '__main__':
    main()
