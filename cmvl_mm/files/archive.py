"""Checks the directory of a zip archive before anything in it is read: torch.save and numpy.savez do not compress."""

import zipfile
from pathlib import Path


class ArchiveError(ValueError):
    """An archive that neither torch.save nor numpy.savez wrote."""


def require_stored(path: str | Path) -> None:
    """Refuse archives that torch.save and numpy.savez do not write: so reading takes no more memory than the file size.

    It refuses compressed members, members that together claim more bytes than the file has, and absolute names or
    names with `..`.

    Raises:
        ArchiveError: a member is compressed, or its path leaves the archive, or all together are larger than the file.
        zipfile.BadZipFile: the file is not a zip archive, or is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED:
            raise ArchiveError(
                f'its member {member.filename!r} is compressed, {member.compress_size} bytes for {member.file_size}'
            )
        if member.filename.startswith('/') or '..' in member.filename.split('/'):
            raise ArchiveError(f'the path of its member {member.filename!r} leaves the archive')
    held, size = sum(member.file_size for member in members), Path(path).stat().st_size
    if held > size:
        raise ArchiveError(f'its members claim {held} bytes, but the file has {size}')
