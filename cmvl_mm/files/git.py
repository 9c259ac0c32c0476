"""The commit of the tree that runs, as checkpoints and generated documents name it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def commit_of(repository: Path) -> str | None:
    """All digits of the commit of the tree that runs, '+changes' behind it if it was changed; None outside a clone.

    Args:
        repository: its root; a folder further down, such as an installed package in a project of others, is none.
    """
    try:
        top, head = _git(repository, 'rev-parse', '--show-toplevel', 'HEAD').splitlines()
        changed = _git(repository, 'status', '--porcelain', '-uno')
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return head + ('+changes' if changed else '') if Path(top) == repository.resolve() else None


def short_commit(repository: Path, written: Sequence[str] = ()) -> str:
    """Of the tree that runs, with '+' where a tracked file has been changed; 'unknown' outside a clone.

    Args:
        repository: its root.
        written: paths below it that the run itself writes, and that change nothing of what it does.
    """
    try:
        head = _git(repository, 'rev-parse', '--short', 'HEAD')
        others = [f':(exclude){path}' for path in written]
        changed = _git(repository, 'status', '--porcelain', '-uno', '--', '.', *others)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return head + ('+' if changed else '')


def _git(repository: Path, *words: str) -> str:
    """What git prints."""
    command = ['git', '-C', str(repository), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
