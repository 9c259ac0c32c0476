"""The controlled benchmark as a folder: videos with uninformative names and sizes, their truth, and lists."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from cmvl_mm.controlled.levels import LEVELS
from cmvl_mm.controlled.truth import save_truth
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.video.encode import write_video

LABELS = ('context', 'motion', 'joint')
"""Kinds of annotation list that every level has."""
_QUANTISER = 4
_SPLITS = ('train', 'test', 'val')  # the number of the split is part of every seed
_NOTE = 'benchmark.txt'


@dataclass(frozen=True)
class _Item:
    """One video of the set."""

    level: str
    split: str
    context: str
    motion: str
    seed: tuple[int, ...]
    name: str

    @property
    def path(self) -> str:
        return f'videos/{self.name}.mp4'

    @property
    def truth(self) -> str:
        return f'truth/{self.name}.npz'

    def is_written(self, root: Path) -> bool:
        """Whether the file has the right size; others are from versions before equal sizes, or broken."""
        video = root / self.path
        size = video.stat().st_size if video.exists() else 0
        return size == LEVELS[self.level].file_size and (root / self.truth).exists()


def write_controlled_set(
    out: str | os.PathLike[str],
    *,
    level: str = 'basic',
    train_per_cell: int = 9,
    val_per_cell: int = 4,
    test_per_cell: int = 4,
    seed: int = 0,
    workers: int = 2,
) -> None:
    """Write the benchmark under ``out``; a repeated run keeps existing videos and adds the missing
    ones.

    Args:
        out: gets ``videos/*.mp4`` (128x112, I-frames at 0, 12, 24, ..., all of one file size), ``truth/*.npz`` with
            the same names (see `load_truth`), ``annotations/{train,val,test}_{kind}.txt`` with lines
            ``videos/name.mp4 label`` relative to ``out``, and ``annotations/classes_{kind}.txt``.  Kinds are
            context, motion and joint; level 'future' also has current and turn.
        level: 'basic', 'future' or 'hard'.
        train_per_cell: training videos for each pair of context and motion.
        val_per_cell: validation videos for each pair.
        test_per_cell: test videos for each pair.
        seed: another seed gives another set; the same seed gives the same videos for any numbers per cell.  The
            videos of the splits have different seeds.
        workers: number of processes.

    Raises:
        VideoError: stage ``encode``, if a video cannot be written.
        ValueError: there is no such level, or ``out`` holds another level or seed.
    """
    if level not in LEVELS:
        raise ValueError(f'no such level: {level!r}; levels are {", ".join(LEVELS)}')
    root = Path(out)
    _claim(root, f'level {level}, seed {seed}')
    counts = {'train': train_per_cell, 'val': val_per_cell, 'test': test_per_cell}
    items = sorted(_items(level, counts, seed), key=lambda item: item.name)
    missing = [item for item in items if not item.is_written(root)]
    print(f'controlled set in {root}: {len(items)} videos, {len(missing)} to write', flush=True)
    for done, _ in enumerate(_write_all(root, missing, workers), start=1):
        if done % 50 == 0 or done == len(missing):
            print(f'controlled set in {root}: {done}/{len(missing)} written', flush=True)
    _write_lists(root / 'annotations', level, items)


def _claim(root: Path, what: str) -> None:
    """Check that the folder holds no other level or seed."""
    root.mkdir(parents=True, exist_ok=True)
    note = root / _NOTE
    if not note.exists():
        replace_text(note, f'{what}\n')
    if (found := note.read_text().strip()) != what:
        raise ValueError(f'{root} has the benchmark of {found}, not of {what}. Remedy: choose another folder.')


def _items(level: str, counts: dict[str, int], seed: int) -> Iterator[_Item]:
    made_of = LEVELS[level]
    for split, count in counts.items():
        for c, context in enumerate(made_of.contexts):
            for m, motion in enumerate(made_of.motions):
                for number in range(count):
                    key = f'{made_of.version} {seed} {split} {c} {m} {number}'
                    name = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
                    seeds = seed, _SPLITS.index(split), c, m, number, *made_of.stream
                    yield _Item(level, split, context, motion, seeds, name)


def _write_all(root: Path, items: list[_Item], workers: int) -> Iterator[None]:
    roots = [root] * len(items)
    if workers <= 1 or len(items) <= 1:
        yield from map(_write_one, roots, items)
        return
    # spawn: forking a process in which a training library has started threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn')) as pool:
        yield from pool.map(_write_one, roots, items, chunksize=4)


def _write_one(root: Path, item: _Item) -> None:
    level = LEVELS[item.level]
    frames, truth = level.make(item.seed, item.context, item.motion)
    save_truth(truth, root / item.truth)
    write_video(frames, root / item.path, quantiser=_QUANTISER, file_size=level.file_size)


def _write_lists(folder: Path, level: str, items: list[_Item]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, classes in LEVELS[level].classes().items():
        replace_text(folder / f'classes_{kind}.txt', ''.join(f'{name}\n' for name in classes))
        lines: dict[str, list[str]] = {split: [] for split in _SPLITS}
        for item in items:
            name = LEVELS[level].names(item.context, item.motion)[kind]
            lines[item.split].append(f'{item.path} {classes.index(name)}\n')
        for split in _SPLITS:
            replace_text(folder / f'{split}_{kind}.txt', ''.join(lines[split]))
