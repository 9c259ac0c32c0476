"""Run the main job end to end on a small controlled video set or on your own folder.

    make demo
    make demo VIDEOS=/path/to/folder        (class sub-folders give labels; without them finetuning is left out)

Every step is one of the toolkit's own commands, printed before it runs. Repeat the command to resume after a stop. Your
own videos are split by recordings, which are recognised by file names.
"""

import argparse
import math
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from demo_page import labels_of, result_table, warnings_of, write_page

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import resolve_checkpoint
from cmvl_mm.controlled.video_set import LABELS, write_controlled_set
from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.engine.config import load_config
from cmvl_mm.evaluation.comparison import Comparison
from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.retrieval import hits_at
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.prepare.groups import by_name
from cmvl_mm.prepare.split import split_by_groups
from cmvl_mm.workflows.step_times import StepTimes

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / 'configs' / 'demo'
PRETRAIN_ITERATIONS = 12 * 36  # 12 epochs of the controlled set
FINETUNE_ITERATIONS = 4 * 36
FEWEST_VIDEOS = 4  # smallest batch for batch norm and a contrastive loss


class VideoSet(NamedTuple):
    """Prepared videos and their lists."""

    root: Path
    lists: dict[str, tuple[Path, Path]]  # kind of label -> training list, test list; empty without labels
    train: Path  # the list to pretrain on
    finetune_kind: str | None
    grouped: bool = False  # videos of one recording are not independent of each other


def main() -> None:
    args = parse_args()
    work_dir = claim_work_dir(args.work_dir, args.videos)
    job = Job(work_dir, StepTimes(work_dir / 'steps.json'))
    videos = controlled_videos(job) if args.videos is None else own_videos(Path(args.videos), job)
    if args.only_videos:
        return
    checkpoint = pretrain(videos, job, args.iterations)
    found: list[tuple[str, str, list[Comparison]]] = []
    if videos.lists:
        starts = (('random', None), ('pretrained', checkpoint))
        features = {name: retrieve(videos, job, name, start) for name, start in starts}
        found.append(('random weights', 'pretrained', compare_retrieval(videos, features)))
        found.append(('from scratch', 'from pretrained', [finetune_both(videos, job, checkpoint)]))
        print(f'\n{counts_text(videos)}\n\n{text_table(result_table(found))}\n')
        for sentence in warnings_of(found):
            print(sentence)
        shown = features['pretrained']
    else:
        shown = embed_unlabelled(videos, job, checkpoint)
    counts = counts_text(videos) if videos.lists else None
    report = write_page(videos, counts, work_dir, found, shown, job.times)
    print(f'{job.times.total:.1f} minutes. Curves, a sample and a retrieval gallery: {report}')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Prepare, pretrain, finetune, test, retrieve, report.')
    parser.add_argument('--work-dir', help='folder for videos, checkpoints and report.html; default: below work_dirs/')
    parser.add_argument('--videos', help='your own folder, with or without class sub-folders')
    parser.add_argument('--only-videos', action='store_true', help='make and prepare the videos, without training')
    parser.add_argument('--iterations', type=int, default=PRETRAIN_ITERATIONS, help='iterations of pretraining')
    return parser.parse_args()


def claim_work_dir(asked: str | None, videos: str | None) -> Path:
    """The folder of this demo. One folder is for one set of videos, so that steps of other videos are not reused."""
    source = 'the controlled set' if videos is None else str(Path(videos).resolve())
    name = 'demo' if videos is None else f'demo_{Path(source).name}'
    work_dir = Path(asked) if asked is not None else Path('work_dirs') / name
    work_dir.mkdir(parents=True, exist_ok=True)
    note = work_dir / 'videos.txt'
    if note.exists() and note.read_text().strip() != source:
        sys.exit(
            f'{work_dir}: this folder has a demo on {note.read_text().strip()}. Remedy: choose another --work-dir.'
        )
    note.write_text(f'{source}\n')
    return work_dir


class Job(NamedTuple):
    """The demo's folder and the times of its steps."""

    work_dir: Path
    times: StepTimes

    def run(self, step: str, *command: str | Path) -> None:
        """Run one of the toolkit's own commands, printed as a user would type it."""
        words = [str(word) for word in command]
        print(f'\n$ python {shlex.join(words)}', flush=True)
        with self.times.step(step, shlex.join(words)):
            outcome = subprocess.run([sys.executable, *words], check=False)
            if outcome.returncode != 0:
                sys.exit(
                    f'The step above failed with exit code {outcome.returncode}. Remedy: run `make demo` to resume.'
                )


def controlled_videos(job: Job) -> VideoSet:
    """Make the controlled set: 8 contexts x 8 motions, independent of each other, re-encoded like any other videos."""
    source, prepared = job.work_dir / 'source', job.work_dir / 'prepared'
    with job.times.step('make videos', 'write_controlled_set'):
        write_controlled_set(source, val_per_cell=0, workers=2)
    job.run(
        'prepare', REPOSITORY / 'tools/prepare_videos.py', source / 'videos', prepared / 'videos',
        '--profile', 'paper', '--workers', '2',
    )  # fmt: skip
    lists = {
        kind: (source / 'annotations' / f'train_{kind}.txt', source / 'annotations' / f'test_{kind}.txt')
        for kind in LABELS
    }
    return VideoSet(prepared, lists, lists['joint'][0], 'joint')


def own_videos(folder: Path, job: Job) -> VideoSet:
    """Re-encode a folder of videos to small MPEG-4; class sub-folders give labels, file names give recordings."""
    prepared = job.work_dir / 'prepared'
    tool = REPOSITORY / 'tools/prepare_videos.py'
    job.run('prepare', tool, folder, prepared, '--profile', 'small', '--workers', '2')
    entries = read_list(prepared / 'all.txt', 'optional')
    if len(entries) < FEWEST_VIDEOS:
        sys.exit(
            f'{folder}: {len(entries)} videos are too few to train on. Remedy: add videos, to at least {FEWEST_VIDEOS}.'
        )
    unlabelled = VideoSet(prepared, {}, prepared / 'all.txt', None)
    if any(entry.label is None for entry in entries):
        print(f'\n{len(entries)} videos, no class sub-folders: finetuning and testing need labels and are skipped.')
        return unlabelled
    train, test = split_by_groups(entries, by_name([entry.path for entry in entries]))
    if not test or len(train) < FEWEST_VIDEOS or len({entry.label for entry in train}) < 2:
        print(
            f'\n{len(train)} training and {len(test)} test videos with recordings kept whole: finetuning and '
            f'testing are skipped. Remedy: provide two classes of two recordings each, and {FEWEST_VIDEOS} training '
            'videos; videos whose names differ only in the numbers at the end are one recording.'
        )
        return unlabelled
    files = prepared / 'train_class.txt', prepared / 'test_class.txt'
    for file, part in zip(files, (train, test), strict=True):
        file.write_text(''.join(f'{entry.path} {entry.label}\n' for entry in part))
    videos = VideoSet(prepared, {'class': files}, files[0], 'class', grouped=True)
    print(f'\n{counts_text(videos)}')
    return videos


def schedule(videos: int, batch_size: int, iterations: int) -> list[str]:
    """Options for about `iterations` iterations on a list of `videos` videos."""
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


def pretrain(videos: VideoSet, job: Job, iterations: int) -> Path:
    """Pretrain with both pretext tasks, without labels."""
    train(job, 'pretrain', CONFIGS / 'pretrain.py', options(videos, videos.train, iterations))
    return resolve_checkpoint(job.work_dir / 'pretrain')


def finetune_both(videos: VideoSet, job: Job, checkpoint: Path) -> Comparison:
    """Finetune from scratch and from the pretrained network with an equal budget, and compare the results."""
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
    hits, paths = [], []
    for name, start in (('scratch', 'model.init_cfg=None'), ('finetune', f'model.init_cfg.checkpoint={checkpoint}')):
        train(job, name, CONFIGS / 'finetune.py', [*shared, start])
        dump = job.work_dir / f'{name}_test' / 'scores.npz'
        job.run(
            f'test {name}', REPOSITORY / 'tools/test.py', CONFIGS / 'finetune.py',
            resolve_checkpoint(job.work_dir / name), '--work-dir', dump.parent, '--dump-features', dump,
            '--cfg-options', *shared,
        )  # fmt: skip
        found = load_features(dump)
        hits.append(np.asarray(found.scores).argmax(axis=1) == found.labels)
        paths = found.paths.tolist()
    return Comparison(f'top-1, {kind} label', 100 / classes, *hits, groups_of(videos, paths))


def train(job: Job, name: str, config: Path, overrides: list[str]) -> None:
    tool, folder = REPOSITORY / 'tools/train.py', job.work_dir / name
    job.run(name, tool, config, '--work-dir', folder, '--resume', '--cfg-options', *overrides)


def retrieve(videos: VideoSet, job: Job, name: str, checkpoint: Path | None) -> Features:
    """Features of all labelled videos with random or pretrained weights."""
    train_list, test_list = videos.lists[str(videos.finetune_kind)]
    dump = job.work_dir / f'features_{name}.npz'
    job.run(
        f'retrieve {name}', REPOSITORY / 'tools/test.py', CONFIGS / 'retrieval.py',
        *([] if checkpoint is None else [checkpoint]),
        '--work-dir', job.work_dir / f'retrieve_{name}', '--dump-features', dump, '--cfg-options',
        f'test_dataloader.dataset.gallery={train_list}', f'test_dataloader.dataset.query={test_list}',
        f'test_dataloader.dataset.data_prefix.video={videos.root}', 'model.init_cfg=None',
    )  # fmt: skip
    return load_features(dump)


def embed_unlabelled(videos: VideoSet, job: Job, checkpoint: Path) -> Features:
    """Features of videos without labels, for the gallery; nothing is tested."""
    config = load_config(CONFIGS / 'retrieval.py')
    shared = config.test_dataloader.dataset
    config.test_dataloader.dataset = dict(
        type='CompressedVideoDataset',
        ann_file=str(videos.train),
        labels='optional',
        data_prefix=dict(video=str(videos.root)),
        pipeline=shared.pipeline,
        on_error='raise',
        test_mode=True,
    )
    config.test_evaluator = []
    file, dump = job.work_dir / 'embed.py', job.work_dir / 'features_pretrained.npz'
    config.dump(file)
    job.run(
        'embed', REPOSITORY / 'tools/test.py', file, checkpoint, '--work-dir', job.work_dir / 'embed',
        '--dump-features', dump, '--cfg-options', 'model.init_cfg=None',
    )  # fmt: skip
    return load_features(dump)


def compare_retrieval(videos: VideoSet, features: dict[str, Features]) -> list[Comparison]:
    """R@1 of random and pretrained weights, by each kind of label."""
    rows = []
    for kind in videos.lists:
        hits = []
        for found in features.values():
            labels, query = labels_of(found, videos.lists[kind]), found.is_query
            sides = found.features[query], labels[query], found.features[~query], labels[~query]
            hits.append(hits_at(*sides, (1,))[1])
            chance = 100 * float(np.mean(labels[query][:, None] == labels[~query][None]))
        groups = groups_of(videos, found.paths[query].tolist())
        rows.append(Comparison(f'R@1, {kind} label', chance, hits[0], hits[1], groups))
    return rows


def groups_of(videos: VideoSet, paths: list[str]) -> list[str] | None:
    """The recordings of test videos; None for the controlled set, whose videos are independent."""
    if not videos.grouped:
        return None
    everything = [entry.path for entry in read_list(videos.root / 'all.txt', 'optional')]
    group = dict(zip(everything, by_name(everything), strict=True))
    return [group[path] for path in paths]


def counts_text(videos: VideoSet) -> str:
    """'576 training and 256 test videos, 64 classes', for the labels of the finetuning, with the recordings."""
    train, test = (read_list(file, 'required') for file in videos.lists[str(videos.finetune_kind)])
    counts = f'{len(train)} training and {len(test)} test videos, {len({entry.label for entry in train})} classes'
    if not videos.grouped:
        return f'{counts}. In brackets 95 % intervals.'
    groups = [len(set(groups_of(videos, [entry.path for entry in part]) or ())) for part in (train, test)]
    return (
        f'{counts}; recordings, told apart by name: {groups[0]} in training, {groups[1]} in the test. '
        'In brackets 95 % intervals, from drawing recordings.'
    )


if __name__ == '__main__':
    main()
