"""The commit of the running tree, as checkpoints and generated documents name it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def commit_of(repository: Path) -> str | None:
    """The full hash of the running tree's commit, with '+changes' if the tree was modified; None outside a clone.

    Args:
        repository: root of the clone; a subfolder, such as an installed package in another project, does not count.
    """
    try:
        top, head = _git(repository, 'rev-parse', '--show-toplevel', 'HEAD').splitlines()
        changed = _git(repository, 'status', '--porcelain', '-uno')
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return head + ('+changes' if changed else '') if Path(top) == repository.resolve() else None


def short_commit(repository: Path, written: Sequence[str] = ()) -> str:
    """The short hash of the running tree's commit, with '+' if a tracked file was changed; 'unknown' outside a clone.

    Args:
        repository: root of the clone.
        written: paths below it that the run itself writes, and that do not affect what it does.
    """
    try:
        head = _git(repository, 'rev-parse', '--short', 'HEAD')
        others = [f':(exclude){path}' for path in written]
        changed = _git(repository, 'status', '--porcelain', '-uno', '--', '.', *others)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return head + ('+' if changed else '')


def _git(repository: Path, *words: str) -> str:
    """The output of git."""
    command = ['git', '-C', str(repository), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
