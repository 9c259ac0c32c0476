"""Other test videos than those that decisions have seen: of another seed of level basic, beside the level's own.

Settings were to be chosen on the validation split alone, but five decisions were made when figures of the test split
were known already (EVIDENCE.md names them). `run_suite.py --fresh` asks the same networks with these videos, in the
same gallery. They also show how much another set of videos changes.
"""

from rows import KINDS, WORK, annotations
from run import run

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.files.atomic import replace_text

SEED = 2
"""The level's own is 1, the demo's 0."""
VIDEOS = 4
"""For every pair of context and motion, as in the test split."""
FOLDER = WORK / 'basic/fresh'
"""Inside the level's folder, where all paths of its lists begin."""


def make_fresh() -> None:
    """The videos, and lists named like those of a split."""
    command = [
        'tools/make_benchmark.py', FOLDER, '--level', 'basic', '--seed', SEED, '--train', 0, '--val', 0,
        '--test', VIDEOS,
    ]  # fmt: skip
    run('make_fresh', command)
    for kind in KINDS['basic']:
        entries = read_list(FOLDER / 'annotations' / f'test_{kind}.txt', 'required')
        lines = [f'{FOLDER.name}/{entry.path} {entry.label}\n' for entry in entries]
        replace_text(annotations('basic', 'fresh', kind), ''.join(lines))
