"""Level basic at half its size, to test training from the profile `small`.

`small` shrinks 340x256 to a short side of 128 px, from which clips of 112 px are cropped. Clips of the suite are
squares
of 96 px from 128x112, shrunk to 48 px: halved videos give the same clips without shrinking. A block of 16 px, which has
one vector, then covers twice as much of the picture in each direction, as with `small`.

Names, lists and labels are those of level basic, so seeds, order and crops pair with those of its rows.
"""

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rows import WORK

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.video.encode import PROFILES, Profile, reencode

FOLDER = WORK / 'small'
PROFILE = Profile(quantiser=PROFILES['small'].quantiser, short_side=56)
"""The profile `small` for these videos: half of their short side."""


def make_small(source: Path = WORK / 'basic', folder: Path = FOLDER, workers: int = 2) -> None:
    """Halve every listed video of a level; existing videos are kept, and the lists are copied."""
    lists = [source / 'annotations' / f'{split}_joint.txt' for split in ('train', 'val', 'test')]
    paths = sorted({entry.path for each in lists for entry in read_list(each, 'required')})
    missing = [path for path in paths if not (folder / path).exists()]
    print(f'halved videos in {folder}: {len(paths)} videos, {len(missing)} to write', flush=True)
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn')) as pool:
        list(pool.map(_halve, [source] * len(missing), [folder] * len(missing), missing, chunksize=8))
    shutil.copytree(source / 'annotations', folder / 'annotations', dirs_exist_ok=True)


def _halve(source: Path, folder: Path, path: str) -> None:
    reencode(source / path, folder / path, profile=PROFILE)
