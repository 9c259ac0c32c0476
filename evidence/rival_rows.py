"""Rows of RIVALS.md: 21 pretext tasks of other papers, ours, random weights and supervised training, on each level.

All rows have the same budget of clips through the network, use the last checkpoint, and have the read-outs of the
suite. A result in evidence/results.json of identical configs is reused, with the costs of its machine; other rows of
ours are trained again here.
"""

import ast
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rival_settings import chosen_options
from rows import CONFIGS, Level, Row
from store import OF_RIVALS

FOLDER = CONFIGS.parent / 'rivals/evidence'
LEVELS: tuple[Level, ...] = ('basic', 'future', 'hard')
METHODS = {
    'rotnet': '3D-RotNet',
    'pace': 'PacePred',
    'vcop': 'VCOP',
    'speednet': 'SpeedNet',
    'prp': 'PRP',
    'vcp': 'VCP',
    'shuffle_learn': 'Shuffle & Learn',
    'opn': 'OPN',
    'dpc': 'DPC',
    'memdpc': 'MemDPC',
    'dsm': 'DSM',
    'vtdl': 'VTDL',
    'vthcl': 'VTHCL',
    'st_puzzle': 'ST-Puzzle',
    'jigsaw': 'Jigsaw',
    'buechler': 'Büchler, policy replaced',
    'cbt': 'CBT, visual part',
    'simclr': 'SimCLR on clips',
    'moco': 'MoCo on clips',
    'iic': 'IIC',
    'tclr': 'TCLR',
}
"""Config -> name of the method, in the order in which they run."""
FIT_FUTURE = ('rotnet', 'shuffle_learn', 'opn', 'jigsaw', 'buechler', 'simclr', 'moco', 'iic')
"""Methods whose longest sample fits into the 44 frames of level future; the others have no row there."""
OURS = {
    'iframes': ('I-frames alone', 'iframes'),
    'motion_vectors': ('motion vectors alone', 'motion_vectors'),
    'both': ('both, alpha 0.5', 'pretrain'),
    'alpha_09': ('both, alpha 0.9', 'alpha_09'),
    'far_future_09': ('both, alpha 0.9, motion further ahead', 'far_future_09'),
    'clip_motion': ('both, and clips find their motion', 'clip_motion'),
    'steady_clip_motion': ('both, and clips find their motion, camera removed', 'steady_clip_motion'),
}
"""Row -> its name, config below configs/evidence. The first four are the paper's tasks, the others are our own."""
FIT_FUTURE_OF_OURS = ('iframes', 'motion_vectors', 'both', 'alpha_09')
"""Our rows that fit into level future: motion further ahead needs 51 frames."""
BEST_OF_OURS = {'basic': 'steady_clip_motion', 'future': 'alpha_09', 'hard': 'steady_clip_motion'}
"""One variant for both levels, chosen on their validation splits (EVIDENCE.md); on level future, the best that fits."""
TUNED_LIKE_RIVALS = 'far_future_09'
"""Our row with as many trials on the validation split as each rival; clip_motion and later rows had more."""
CLASSES = {'basic': 64, 'future': 64, 'hard': 144}
"""Number of classes of the joint label."""

MEASURED, SUPERVISED = 'random weights, batch norm measured', 'supervised, joint label'
STILL = (
    'optim_wrapper.optimizer.lr=1e-30', 'train_cfg.max_epochs=2', 'param_scheduler.0.begin=1', 'param_scheduler.0.end=2'
)  # fmt: skip
"""Options of a training with steps too small to change a weight: only batch norm takes the videos' statistics."""

Kind = Literal['rival', 'ours', 'outer']


class Entry(NamedTuple):
    """One line of the tables of a level."""

    key: str  # without level
    name: str
    kind: Kind  # 'outer': random weights and supervised training, which are not ranked
    row: Row


def entries(level: Level) -> list[Entry]:
    """All lines of a level: outer rows, ours, the rivals."""
    outer = [
        Entry('random', 'random weights', 'outer', _row('random', 'random weights', level, None)),
        Entry('measured', MEASURED, 'outer', _supervised('measured', MEASURED, level, STILL)),
        Entry('supervised', SUPERVISED, 'outer', _supervised('supervised', SUPERVISED, level)),
    ]
    ours = [
        Entry(key, name, 'ours', _row(key, name, level, config))
        for key, (name, config) in OURS.items()
        if level != 'future' or key in FIT_FUTURE_OF_OURS
    ]
    return [*outer, *ours, *(rival(key, level) for key in METHODS if level != 'future' or key in FIT_FUTURE)]


def rival(key: str, level: Level, options: Sequence[str] | None = None, suffix: str = '') -> Entry:
    """A method on a level, by default with the settings chosen for it on the validation split."""
    own = tuple(chosen_options(key) if options is None else options)
    row = _row(f'{key}{suffix}', METHODS[key], level, key, options=own)._replace(suite='rivals/evidence')
    return Entry(key, METHODS[key], 'rival', row)


def row_name(key: str, level: Level) -> str:
    return f'{OF_RIVALS}{key}' if level == 'basic' else f'{OF_RIVALS}{level}_{key}'


def _row(key: str, title: str, level: Level, config: str | None, *, options: tuple[str, ...] = ()) -> Row:
    test = 'turn_retrieval' if level == 'future' else 'retrieval'
    return Row(row_name(key, level), title, config, level=level, test=test, options=options)


def _supervised(key: str, title: str, level: Level, options: tuple[str, ...] = ()) -> Row:
    if CLASSES[level] != CLASSES['basic']:
        options = (*options, f'model.cls_head.num_classes={CLASSES[level]}')
    return _row(key, title, level, 'scratch', options=options)


START_NAMES = tuple(row_name(key, 'basic') for key in (*OURS, *METHODS))
"""Rows from which few-label finetuning can start."""


def start_row(name: str) -> Row:
    """The row of level basic with this name.

    Raises:
        KeyError: there is no row of this name.
    """
    return {entry.row.name: entry.row for entry in entries('basic')}[name]


def departure(key: str) -> str:
    """The passage of a method's config on what is unverified, and on differences from the other methods.

    Raises:
        ValueError: the docstring has no such passage.
    """
    path = FOLDER / f'{key}.py'
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ''
    found = re.search(r'^Reads what `make evidence` makes\.(.*?)^Protocol: ', docstring, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f'{path}: the docstring has no text between "Reads what …" and "Protocol: "')
    return ' '.join(found[1].split())
