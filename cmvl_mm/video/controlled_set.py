"""The controlled benchmark as a folder: videos whose names tell nothing, and their annotation lists."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from cmvl_mm.video.controlled import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.video.encode import write_video

LABELS = ('context', 'motion', 'joint')
"""Kinds of annotation list; the joint label is context * 8 + motion."""
_QUANTISER = 4
_VERSION = 2  # part of every name: raise it when the pictures change, so that old files are not kept


@dataclass(frozen=True)
class _Item:
    """One video of the set."""

    split: str
    number: int  # within its cell
    context: int
    motion: int
    seed: int
    path: str

    @property
    def labels(self) -> dict[str, int]:
        return {
            'context': self.context,
            'motion': self.motion,
            'joint': self.context * len(MOTIONS) + self.motion,
        }


def write_controlled_set(
    out: str | os.PathLike[str],
    *,
    train_per_cell: int = 9,
    test_per_cell: int = 4,
    seed: int = 0,
    workers: int = 2,
) -> None:
    """Write the benchmark under ``out``; run again, it keeps the videos that are there and adds what is
    missing.

    Args:
        out: gets ``videos/*.mp4`` (108 frames of 128x112, I-frames at 0, 12, 24, ...),
            ``annotations/{train,test}_{context,motion,joint}.txt`` with lines ``videos/name.mp4 label``
            relative to ``out``, and ``annotations/classes_{context,motion,joint}.txt``.
        train_per_cell: training videos for each of the 64 pairs of context and motion.
        test_per_cell: test videos for each pair.
        seed: another seed is another set; the same one is the same, video by video, whatever the numbers per
        cell.
        workers: processes.

    Raises:
        VideoError: stage ``encode``, where a video cannot be written.
    """
    root = Path(out)
    items = sorted(_items(train_per_cell, test_per_cell, seed), key=lambda item: item.path)
    missing = [item for item in items if not (root / item.path).exists()]
    print(f'controlled set in {root}: {len(items)} videos, {len(missing)} to write', flush=True)
    for done, _ in enumerate(_write_all(root, missing, workers), start=1):
        if done % 50 == 0 or done == len(missing):
            print(f'controlled set in {root}: {done}/{len(missing)} written', flush=True)
    _write_lists(root / 'annotations', items)


def _items(train_per_cell: int, test_per_cell: int, seed: int) -> Iterator[_Item]:
    for split, count in (('train', train_per_cell), ('test', test_per_cell)):
        for context in range(len(CONTEXTS)):
            for motion in range(len(MOTIONS)):
                for number in range(count):
                    key = f'{_VERSION} {seed} {split} {context} {motion} {number}'
                    name = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
                    yield _Item(split, number, context, motion, seed, f'videos/{name}.mp4')


def _write_all(root: Path, items: list[_Item], workers: int) -> Iterator[None]:
    roots = [root] * len(items)
    if workers <= 1 or len(items) <= 1:
        yield from map(_write_one, roots, items)
        return
    # spawn: forking a process in which a training library started threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn')) as pool:
        yield from pool.map(_write_one, roots, items, chunksize=4)


def _write_one(root: Path, item: _Item) -> None:
    split = ('train', 'test').index(item.split)
    frames, _ = make_controlled_video(
        (item.seed, split, item.context, item.motion, item.number),
        CONTEXTS[item.context],
        MOTIONS[item.motion],
    )
    write_video(frames, root / item.path, quantiser=_QUANTISER)


def _write_lists(folder: Path, items: list[_Item]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    classes = {
        'context': CONTEXTS,
        'motion': MOTIONS,
        'joint': tuple(f'{context}-{motion}' for context in CONTEXTS for motion in MOTIONS),
    }
    for kind in LABELS:
        (folder / f'classes_{kind}.txt').write_text(''.join(f'{name}\n' for name in classes[kind]))
        for split in ('train', 'test'):
            lines = [f'{item.path} {item.labels[kind]}\n' for item in items if item.split == split]
            (folder / f'{split}_{kind}.txt').write_text(''.join(lines))
