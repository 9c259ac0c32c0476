"""Fresh test videos that no decision has seen: from another seed of level basic, next to the level's own.

Settings should be chosen on the validation split alone, but five decisions were made when figures of the test split
were known already (EVIDENCE.md names them). `run_suite.py --fresh` tests the same networks with these videos and the
same gallery. The fresh videos also show how much another set of videos changes the figures.
"""

from rows import KINDS, WORK, annotations
from run import run

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.files.atomic import replace_text

SEED = 2
"""Seed of the fresh videos; the level's own seed is 1, the demo's is 0."""
VIDEOS = 4
"""Videos per pair of context and motion, as in the test split."""
FOLDER = WORK / 'basic/fresh'
"""Folder inside the level's folder, to which all paths of the lists are relative."""


def make_fresh() -> None:
    """Make the videos, and lists named like those of a split."""
    command = [
        'tools/make_benchmark.py', FOLDER, '--level', 'basic', '--seed', SEED, '--train', 0, '--val', 0,
        '--test', VIDEOS,
    ]  # fmt: skip
    run('make_fresh', command)
    for kind in KINDS['basic']:
        entries = read_list(FOLDER / 'annotations' / f'test_{kind}.txt', 'required')
        lines = [f'{FOLDER.name}/{entry.path} {entry.label}\n' for entry in entries]
        replace_text(annotations('basic', 'fresh', kind), ''.join(lines))
