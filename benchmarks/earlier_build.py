"""Unpack the tree of an earlier commit from this clone's history, to compare it with today's."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def unpack(commit: str, folder: Path, repository: Path = REPOSITORY) -> Path:
    """Write the files of a commit into a folder.

    Args:
        commit: commit in the history of `repository`.
        folder: folder for the whole tree; it is made.

    Returns:
        `folder`, resolved.

    Raises:
        SystemExit: the history is missing, as in a source archive or a shallow clone.
    """
    command = ['git', '-C', str(repository), 'archive', '--format=tar', commit]
    try:
        archive = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, 'stderr', b'').decode().strip() or error
        sys.exit(
            f'{repository}: commit {commit}, the build to compare with, is not in the history here ({said}). '
            'Remedy: run in a full clone; `git fetch --unshallow` completes a shallow one.'
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter='data')
    return folder.resolve()
