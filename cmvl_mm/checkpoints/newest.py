"""Finds the checkpoint of a work directory that is undamaged."""

import zipfile
from contextlib import suppress
from pathlib import Path

from cmvl_mm.files.digest import sha256_of

from .durable import OF_A_RUN, POINTER, SIDECAR, beside, digests_beside


def newest_valid(folder: Path, since_ns: int = 0) -> tuple[Path | None, list[str]]:
    """The newest undamaged checkpoint of a run, and the damaged newer ones.

    The newest is the one that `last_checkpoint` names, then the others by modification time: a copied folder may have
    lost the times, and a killed save leaves a name without a file.

    Args:
        folder: the work directory.
        since_ns: skip files written before this time, in nanoseconds as in `os.stat`.

    Returns:
        The path, or None, and a line `path: reason` for each damaged file that was skipped.
    """
    skipped: list[str] = []
    for path in _newest_first(folder):
        if not path.is_file():
            skipped.append(f'{path}: {POINTER} names this file, but it does not exist')
            continue
        if path.stat().st_mtime_ns < since_ns:
            continue
        reason = mismatch(path) if beside(path, SIDECAR).exists() else _broken_archive(path)
        if reason is None:
            return path, skipped
        skipped.append(f'{path}: {reason}')
    return None, skipped


def mismatch(path: Path) -> str | None:
    """How a file differs from its SHA-256 file; None if it does not, or has none because it is from elsewhere."""
    sidecar = beside(path, SIDECAR)
    if not sidecar.exists():
        return None
    digest = sha256_of(path)
    if digest in digests_beside(path):
        return None
    return f'its SHA-256 is {digest[:12]}…, which is not in {sidecar.name}: the file was damaged after writing'


def _newest_first(folder: Path) -> list[Path]:
    named = []
    with suppress(OSError, ValueError):
        name = Path((folder / POINTER).read_text().strip()).name  # the directory may have moved
        named = [folder / name] if name else []
    others = [path for path in folder.glob('*.pth') if OF_A_RUN.fullmatch(path.name) and path not in named]
    others.sort(key=lambda path: (path.stat().st_mtime_ns, int(OF_A_RUN.fullmatch(path.name)[1])), reverse=True)  # type: ignore[index]
    return named + others


def _broken_archive(path: Path) -> str | None:
    """Why a file of torch is damaged: it is a zip archive, whose checksums show damage without loading it."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        return f'it has no {path.name}{SIDECAR}, and it is not a whole archive ({error})'
    return None if damaged is None else f'it has no {path.name}{SIDECAR}, and its part {damaged} is damaged'
