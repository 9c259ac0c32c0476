"""Names that somebody may write into a list, and whether they are refused or taken as they are."""

import shutil
from pathlib import Path
from typing import NamedTuple

CANARY = 'canary_of_a_name'

REFUSED = (
    '/etc/passwd',
    '//etc/passwd',
    '..',
    '../outside/secret.mp4',
    'folder/../../outside/secret.mp4',
    './../outside/secret.mp4',
    'nul\0.mp4',
    'carriage\rreturn.mp4',
    'line\u2028separator.mp4',
    'next\x85line.mp4',
    'vertical\x0btab.mp4',
    'form\x0cfeed.mp4',
    'tab\tbed.mp4',
    '\x1b[2Jcleared.mp4',
    'right\u202e4pm.left',
    f'$(touch {CANARY}).mp4',
    f'`touch {CANARY}`.mp4',
    f';$(touch {CANARY}).mp4',
    '$HOME.mp4',
    f'a|touch {CANARY}',
    f'a>{CANARY}',
    f'a<{CANARY}',
    f'"; touch {CANARY}; ".mp4',
    'back\\slash.mp4',
    '*.mp4',
    '?.mp4',
)
"""By what they are called."""

LINKS_OUT = {
    'link_to_file.mp4': '../outside/secret.mp4',
    'link_to_system.mp4': '/etc/passwd',
    'link_to_link.mp4': 'link_to_file.mp4',
    'link_to_folder/secret.mp4': '../outside',
    'folder/deep_link.mp4': '../../outside/secret.mp4',
}
"""By where they lead: name -> what the link (the first part that is one) says."""

LITERAL = (
    'plain.mp4',
    'with space.mp4',
    "it's.mp4",
    f'a; touch {CANARY}.mp4',
    f'a & touch {CANARY}.mp4',
    'Geena_und_die_Radschl_ge___;-)_cartwheel.mp4',
    '#122_(Cleaning)_[Up]!.mp4',
    '-rf.mp4',
    '--help.mp4',
    '~.mp4',
    '~root/in a folder called so.mp4',
    '{a,b}.mp4',
    '%03d.mp4',
    '%s%n.mp4',
    'http:example.mp4',
    'pipe:0.mp4',
    'concat:plain.mp4',
    'subfile,,start,0,end,9,,:plain.mp4',
    '.hidden.mp4',
    'übung 視頻.mp4',
    'a=b^c+d@e,f.mp4',
    '12.mp4',
)
"""Ordinary files below the root, whatever they are called."""


class Tree(NamedTuple):
    """A root with a video under every name that the file system takes, and a secret outside."""

    root: Path
    outside: Path


def make_tree(folder: Path, video: Path, suffix: str = '.mp4') -> Tree:
    """Put a copy of the video under each name; names end in `suffix` instead of .mp4.

    Args:
        folder: gets `root` and `outside`.
        video: what every name is to hold, the secret too.
        suffix: of the files.
    """
    root, outside = folder / 'root', folder / 'outside'
    outside.mkdir(parents=True)
    (root / 'folder').mkdir(parents=True)
    shutil.copy(video, outside / f'secret{suffix}')
    for name in LITERAL:
        path = (root / name).with_suffix(suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)
    for name in REFUSED:  # so that refusing is not mistaken for not finding
        if '\0' not in name and '/' not in name and name != '..':
            shutil.copy(video, root / name)
    for name, target in LINKS_OUT.items():
        link = root / (name.removesuffix('/secret.mp4') if name.startswith('link_to_folder') else name)
        link.with_suffix(suffix if link.suffix else '').symlink_to(target.replace('.mp4', suffix))
    return Tree(root, outside)
