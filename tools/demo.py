"""The main job, end to end, on a small controlled video set or on your own folder.

    make demo
    make demo VIDEOS=/path/to/folder        (class sub-folders give labels; without them finetuning is left out)

Every step is one of the toolkit's own commands, printed before it runs. Stopped and run again, it goes on.
"""

import argparse
import math
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmaction.registry import DATASETS, MODELS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import resolve_checkpoint
from cmvl_mm.controlled.video_set import LABELS, write_controlled_set
from cmvl_mm.datasets.annotation import Entry, read_list
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import read_curves, read_test
from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.retrieval import recall_at
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.visualization.figures import Curve, draw_curves, draw_gallery
from cmvl_mm.visualization.overlay import draw_sample, sample_title
from cmvl_mm.visualization.report import html_figure, html_table, write_report

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / 'configs' / 'demo'
PRETRAIN_ITERATIONS = 12 * 36  # 12 epochs of the controlled set
FINETUNE_ITERATIONS = 4 * 36
FEWEST_VIDEOS = 4  # a batch that batch norm and a contrast can work with
TEST_SHARE = 5  # every fifth video of a class is a test video, where there is no official split


class VideoSet(NamedTuple):
    """Prepared videos and their lists."""

    root: Path
    lists: dict[str, tuple[Path, Path]]  # kind of label -> training list, test list; empty without labels
    train: Path  # the list to pretrain on
    finetune_kind: str | None


def main() -> None:
    args = parse_args()
    started = time.monotonic()
    work_dir = claim_work_dir(args.work_dir, args.videos)
    videos = controlled_videos(work_dir) if args.videos is None else own_videos(Path(args.videos), work_dir)
    if args.only_videos:
        return
    checkpoint = pretrain(videos, work_dir, args.iterations)
    rows, features = [], {}
    if videos.lists:
        starts = (('random', None), ('pretrained', checkpoint))
        features = {name: retrieve(videos, work_dir, name, start) for name, start in starts}
        rows = [['', 'chance', 'random weights', 'pretrained'], *retrieval_rows(videos, features)]
        rows += [['', '', 'from scratch', 'from pretrained'], *finetune_both(videos, work_dir, checkpoint)]
        print(f'\n{text_table(rows)}\n')
    minutes = (time.monotonic() - started) / 60
    report = report_on(videos, work_dir, rows, features.get('pretrained'), minutes)
    print(f'{minutes:.1f} minutes. Curves, a sample and a retrieval gallery: {report}')


def report_on(videos: VideoSet, work_dir: Path, rows: list[list[str]], found: Features | None, minutes: float) -> Path:
    """Write report.html: the table, curves, a training sample, and, with labels, the retrieval gallery."""
    sections = {
        'Result': [html_table(rows) if rows else '<p>Videos without labels: pretraining only.</p>'],
        'Curves': [html_figure(curves(work_dir, labelled=bool(rows)))],
        'What a training sample looks like': [html_figure(sample_figure(videos))],
    }
    if found is not None:
        kind = str(videos.finetune_kind)
        gallery = draw_gallery(found, labels_of(found, videos, kind), videos.root)
        sections[f'Retrieval, pretrained: green frames share the query’s {kind} label'] = [html_figure(gallery)]
    sections['Cost'] = [f'<p>{minutes:.1f} minutes.</p>']
    write_report(work_dir / 'report.html', 'cmvl_mm demo', sections)
    return work_dir / 'report.html'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Prepare, pretrain, finetune, test, retrieve, report.')
    parser.add_argument('--work-dir', help='gets videos, checkpoints and report.html; default: below work_dirs/')
    parser.add_argument('--videos', help='your own folder, with or without class sub-folders')
    parser.add_argument('--only-videos', action='store_true', help='make and prepare the videos, and train nothing')
    parser.add_argument('--iterations', type=int, default=PRETRAIN_ITERATIONS, help='of pretraining')
    return parser.parse_args()


def claim_work_dir(asked: str | None, videos: str | None) -> Path:
    """The folder of this demo; one folder serves one set of videos, or steps already done would be taken over."""
    source = 'the controlled set' if videos is None else str(Path(videos).resolve())
    name = 'demo' if videos is None else f'demo_{Path(source).name}'
    work_dir = Path(asked) if asked is not None else Path('work_dirs') / name
    work_dir.mkdir(parents=True, exist_ok=True)
    note = work_dir / 'videos.txt'
    if note.exists() and note.read_text().strip() != source:
        sys.exit(f'{work_dir} holds a demo on {note.read_text().strip()}. Remedy: another --work-dir.')
    note.write_text(f'{source}\n')
    return work_dir


def run(*command: str | Path) -> None:
    """Run one of the toolkit's own commands, printed as a user would type it."""
    words = [str(word) for word in command]
    print(f'\n$ python {shlex.join(words)}', flush=True)
    outcome = subprocess.run([sys.executable, *words], check=False)
    if outcome.returncode != 0:
        sys.exit(f'The step above failed with exit code {outcome.returncode}. Mended, `make demo` goes on from there.')


def controlled_videos(work_dir: Path) -> VideoSet:
    """The controlled set: 8 contexts x 8 motions, independent of each other, re-encoded like any other videos."""
    source, prepared = work_dir / 'source', work_dir / 'prepared'
    write_controlled_set(source, val_per_cell=0, workers=2)
    run(
        REPOSITORY / 'tools/prepare_videos.py',
        source / 'videos',
        prepared / 'videos',
        '--profile',
        'paper',
        '--workers',
        '2',
    )
    lists = {
        kind: (source / 'annotations' / f'train_{kind}.txt', source / 'annotations' / f'test_{kind}.txt')
        for kind in LABELS
    }
    return VideoSet(prepared, lists, lists['joint'][0], 'joint')


def own_videos(folder: Path, work_dir: Path) -> VideoSet:
    """A folder of videos, small MPEG-4 made of it; class sub-folders give labels and a split by file name."""
    prepared = work_dir / 'prepared'
    run(REPOSITORY / 'tools/prepare_videos.py', folder, prepared, '--profile', 'small', '--workers', '2')
    entries = read_list(prepared / 'all.txt', 'optional')
    if len(entries) < FEWEST_VIDEOS:
        sys.exit(f'{folder}: {len(entries)} videos are too few to learn from. Remedy: at least {FEWEST_VIDEOS}.')
    if any(entry.label is None for entry in entries):
        print('\nNo class sub-folders: finetuning, testing and retrieval need labels and are left out.')
        return VideoSet(prepared, {}, prepared / 'all.txt', None)
    train, test = split_by_class(entries)
    if not test or len(train) < FEWEST_VIDEOS or len({entry.label for entry in train}) < 2:
        print('\nToo few videos a class, or one class: finetuning, testing and retrieval are left out.')
        return VideoSet(prepared, {}, prepared / 'all.txt', None)
    files = prepared / 'train_class.txt', prepared / 'test_class.txt'
    for file, part in zip(files, (train, test), strict=True):
        file.write_text(''.join(f'{entry.path} {entry.label}\n' for entry in part))
    return VideoSet(prepared, {'class': files}, files[0], 'class')


def split_by_class(entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Every fifth video of each class, by name, is a test video; a class of one video is training only."""
    train, test = [], []
    for label in sorted({entry.label for entry in entries if entry.label is not None}):
        members = sorted(entry for entry in entries if entry.label == label)
        test += members[1::TEST_SHARE]
        train += [entry for i, entry in enumerate(members) if i % TEST_SHARE != 1]
    return train, test


def schedule(videos: int, batch_size: int, iterations: int) -> list[str]:
    """Options that spend about `iterations` on a list of `videos`, whatever its length."""
    epochs = max(4, math.ceil(iterations / max(1, videos // batch_size)))
    return [
        f'train_dataloader.batch_size={batch_size}',
        f'train_cfg.max_epochs={epochs}',
        f'param_scheduler.0.begin={epochs // 2}',
        f'param_scheduler.0.end={epochs}',
    ]


def options(videos: VideoSet, train_list: Path, iterations: int) -> list[str]:
    count = len(read_list(train_list, 'optional'))
    batch_size = min(16, count)
    return [
        f'train_dataloader.dataset.ann_file={train_list}',
        f'train_dataloader.dataset.data_prefix.video={videos.root}',
        *schedule(count, batch_size, iterations),
    ]


def pretrain(videos: VideoSet, work_dir: Path, iterations: int) -> Path:
    """Both pretext tasks, no labels."""
    folder = work_dir / 'pretrain'
    train(CONFIGS / 'pretrain.py', folder, options(videos, videos.train, iterations))
    return resolve_checkpoint(folder)


def finetune_both(videos: VideoSet, work_dir: Path, checkpoint: Path) -> list[list[str]]:
    """The classifier from scratch and from the pretrained network, at equal budget; top-1 of both."""
    kind = str(videos.finetune_kind)
    train_list, test_list = videos.lists[kind]
    classes = 1 + max(
        int(entry.label or 0) for file in (train_list, test_list) for entry in read_list(file, 'required')
    )
    shared = [
        *options(videos, train_list, FINETUNE_ITERATIONS),
        f'test_dataloader.dataset.ann_file={test_list}',
        f'test_dataloader.dataset.data_prefix.video={videos.root}',
        f'model.cls_head.num_classes={classes}',
    ]
    accuracies = []
    for name, start in (('scratch', 'model.init_cfg=None'), ('finetune', f'model.init_cfg.checkpoint={checkpoint}')):
        folder = work_dir / name
        train(CONFIGS / 'finetune.py', folder, [*shared, start])
        tested = work_dir / f'{name}_test'
        run(
            REPOSITORY / 'tools/test.py', CONFIGS / 'finetune.py', resolve_checkpoint(folder),
            '--work-dir', tested, '--cfg-options', *shared,
        )  # fmt: skip
        accuracies.append(read_test(tested)['finetune/top1'])
    return [[f'top-1, {kind} label', f'{100 / classes:.1f}', *(f'{100 * accuracy:.1f}' for accuracy in accuracies)]]


def train(config: Path, folder: Path, overrides: list[str]) -> None:
    run(REPOSITORY / 'tools/train.py', config, '--work-dir', folder, '--resume', '--cfg-options', *overrides)


def retrieve(videos: VideoSet, work_dir: Path, name: str, checkpoint: Path | None) -> Features:
    """Features of all labelled videos with random or pretrained weights."""
    train_list, test_list = videos.lists[str(videos.finetune_kind)]
    dump = work_dir / f'features_{name}.npz'
    run(
        REPOSITORY / 'tools/test.py', CONFIGS / 'retrieval.py', *([] if checkpoint is None else [checkpoint]),
        '--work-dir', work_dir / f'retrieve_{name}', '--dump-features', dump, '--cfg-options',
        f'test_dataloader.dataset.gallery={train_list}', f'test_dataloader.dataset.query={test_list}',
        f'test_dataloader.dataset.data_prefix.video={videos.root}', 'model.init_cfg=None',
    )  # fmt: skip
    return load_features(dump)


def labels_of(found: Features, videos: VideoSet, kind: str) -> np.ndarray:
    """(n,) labels of one kind, in the order of the features."""
    by_path = {entry.path: entry.label for file in videos.lists[kind] for entry in read_list(file, 'required')}
    return np.array([by_path[str(path)] for path in found.paths])


def retrieval_rows(videos: VideoSet, features: dict[str, Features]) -> list[list[str]]:
    rows = []
    for kind in videos.lists:
        recalls, chance = [], 0.0
        for found in features.values():
            labels, query = labels_of(found, videos, kind), found.is_query
            recalls.append(
                recall_at(found.features[query], labels[query], found.features[~query], labels[~query], (1,))[1]
            )
            chance = 100 * float(np.mean(labels[query][:, None] == labels[~query][None]))
        rows.append([f'R@1, {kind} label', f'{chance:.1f}', *(f'{recall:.1f}' for recall in recalls)])
    return rows


def curves(work_dir: Path, labelled: bool) -> Any:
    pretraining = read_curves(work_dir / 'pretrain')
    panels = {
        'pretraining losses': [
            Curve('context', pretraining, 'loss_context'),
            Curve('motion', pretraining, 'loss_motion'),
        ],
        'pretext accuracy (one batch each)': [
            Curve('context', pretraining, 'acc_context'),
            Curve('motion', pretraining, 'acc_motion'),
        ],
    }
    if labelled:
        names = (('from scratch', 'scratch'), ('from pretrained', 'finetune'))
        panels['finetuning loss'] = [Curve(title, read_curves(work_dir / name), 'loss') for title, name in names]
    return draw_curves(panels)


def sample_figure(videos: VideoSet) -> Any:
    config = load_config(CONFIGS / 'pretrain.py')
    arguments = config.train_dataloader.dataset
    arguments.ann_file, arguments.data_prefix.video = str(videos.train), str(videos.root)
    sample = DATASETS.build(arguments)[SampleIndex(0)]
    preprocessor = MODELS.build(config.model.data_preprocessor)
    maps = preprocessor(compressed_collate([sample]))['inputs']['motion'][0] * preprocessor.motion_clamp
    return draw_sample(sample['inputs'], maps, sample_title(sample['data_samples']))


if __name__ == '__main__':
    main()
