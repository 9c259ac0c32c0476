"""Which checkpoint of a work directory can be trusted to be what was written."""

import zipfile
from contextlib import suppress
from pathlib import Path

from cmvl_mm.files.digest import sha256_of

from .durable import OF_A_RUN, POINTER, SIDECAR, beside, digests_beside


def newest_valid(folder: Path, since_ns: int = 0) -> tuple[Path | None, list[str]]:
    """The newest checkpoint of a run that is what was written, and the damaged newer ones.

    Newest is what `last_checkpoint` names, then the others by the time of writing: a copied folder may have lost the
    times, and a killed save leaves a name without a file.

    Args:
        folder: the work directory.
        since_ns: leave out files written before this time, in nanoseconds as `os.stat` gives it.

    Returns:
        The path, or None, and a line `path: reason` for each damaged file that was skipped.
    """
    skipped: list[str] = []
    for path in _newest_first(folder):
        if not path.is_file():
            skipped.append(f'{path}: {POINTER} names it, but it is not there')
            continue
        if path.stat().st_mtime_ns < since_ns:
            continue
        reason = mismatch(path) if beside(path, SIDECAR).exists() else _broken_archive(path)
        if reason is None:
            return path, skipped
        skipped.append(f'{path}: {reason}')
    return None, skipped


def mismatch(path: Path) -> str | None:
    """How a file differs from the SHA-256 beside it; None if it does not, or if it has none, being from elsewhere."""
    sidecar = beside(path, SIDECAR)
    if not sidecar.exists():
        return None
    digest = sha256_of(path)
    if digest in digests_beside(path):
        return None
    return f'its SHA-256 is {digest[:12]}…, which is not in {sidecar.name}: it was damaged after it was written'


def _newest_first(folder: Path) -> list[Path]:
    named = []
    with suppress(OSError, ValueError):
        name = Path((folder / POINTER).read_text().strip()).name  # the directory may have moved since
        named = [folder / name] if name else []
    others = [path for path in folder.glob('*.pth') if OF_A_RUN.fullmatch(path.name) and path not in named]
    others.sort(key=lambda path: (path.stat().st_mtime_ns, int(OF_A_RUN.fullmatch(path.name)[1])), reverse=True)  # type: ignore[index]
    return named + others


def _broken_archive(path: Path) -> str | None:
    """What torch writes is a zip archive; its checksums tell a damaged one without loading it."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        return f'there is no {path.name}{SIDECAR}, and it is not a whole archive ({error})'
    return None if damaged is None else f'there is no {path.name}{SIDECAR}, and {damaged} in it is damaged'
