"""Files of a folder of parts on a disk, or on an object store that fsspec reads, such as `s3://bucket/features`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from cmvl_mm.embedding.embeddings import EmbeddingsError
from cmvl_mm.embedding.parts_folder import PARTS, part_path
from cmvl_mm.embedding.parts_manifest import NAME
from cmvl_mm.files.extras import remedy_for

_TAIL = 1 << 16  # bytes at a part's end; they hold the footer, except with hundreds of failures
_PACKAGES = dict(s3='s3fs', s3a='s3fs', gs='gcsfs', gcs='gcsfs', az='adlfs', abfs='adlfs')
_Result = TypeVar('_Result')


class PartFiles(Protocol):
    """The files of a folder of parts; several threads may read them."""

    def manifest(self) -> bytes:
        """Bytes of the manifest. Raises FileNotFoundError if it does not exist."""

    def missing(self, parts: int) -> list[str]:
        """Names of the missing files among the first `parts` parts."""

    def where(self, number: int) -> str:
        """Name of a part for messages."""

    def footers(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """Ends of parts, from which `embeddings.footer_of` reads the footers."""

    def read(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """Complete parts in memory."""


class LocalFiles:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manifest(self) -> bytes:
        """See `PartFiles`."""
        return (self.folder / NAME).read_bytes()

    def missing(self, parts: int) -> list[str]:
        """See `PartFiles`."""
        paths = [part_path(self.folder, number) for number in range(parts)]
        return [path.name for path in paths if not path.is_file()]

    def where(self, number: int) -> str:
        """See `PartFiles`."""
        return str(part_path(self.folder, number))

    def footers(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """See `PartFiles`."""
        return [pa.BufferReader(tail_of(part_path(self.folder, number))) for number in numbers]

    def read(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """See `PartFiles`."""
        return [pa.BufferReader(part_path(self.folder, number).read_bytes()) for number in numbers]


class StoredFiles:
    """A folder on an object store; the store's library supplies credentials and end point, see docs/search.md.

    Raises:
        ModuleNotFoundError: fsspec or the store's library is not installed.
        EmbeddingsError: no library handles this kind of address.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip('/')
        scheme = address.partition('://')[0]
        package = _PACKAGES.get(scheme, 'fsspec')
        try:
            from fsspec.core import url_to_fs

            self._store, self._path = url_to_fs(self.address)
        except ImportError as error:
            remedy = remedy_for(package) or f'Remedy: pip install {package}.'
            message = f'{address}: needs {package}, which is not installed. {remedy}'
            raise ModuleNotFoundError(message, name=package) from error
        except ValueError as error:
            raise EmbeddingsError(f'{address}: {error}. Remedy: pass a path, or an address such as s3://…') from error
        self._store.invalidate_cache()  # from an earlier listing

    def manifest(self) -> bytes:
        """See `PartFiles`."""
        return self._asked(f'{self.address}/{NAME}', lambda: self._store.cat_file(f'{self._path}/{NAME}'))

    def missing(self, parts: int) -> list[str]:
        """See `PartFiles`."""
        folder = f'{self.address}/{PARTS}'
        found = self._asked(folder, lambda: self._store.ls(f'{self._path}/{PARTS}', detail=False))
        there = {name.rpartition('/')[2] for name in found}
        return [name for name in (self._name(number) for number in range(parts)) if name not in there]

    def where(self, number: int) -> str:
        """See `PartFiles`."""
        return f'{self.address}/{PARTS}/{self._name(number)}'

    def footers(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """See `PartFiles`."""
        paths = [f'{self._path}/{PARTS}/{self._name(number)}' for number in numbers]
        tails = self._asked(
            f'{self.address}/{PARTS}',
            lambda: self._store.cat_ranges(paths, [-_TAIL] * len(paths), [None] * len(paths), on_error='raise'),
        )
        whole = (number for number, tail in zip(numbers, tails, strict=True) if _footer_bytes(tail) > len(tail))
        longer = {number: self.read([number])[0] for number in whole}
        pairs = zip(numbers, tails, strict=True)
        return [longer[number] if number in longer else pa.BufferReader(tail) for number, tail in pairs]

    def read(self, numbers: Sequence[int]) -> list[pa.NativeFile]:
        """See `PartFiles`."""
        paths = [f'{self._path}/{PARTS}/{self._name(number)}' for number in numbers]
        where, nothing = f'{self.where(numbers[0])} and on', [None] * len(paths)
        contents = self._asked(where, lambda: self._store.cat_ranges(paths, nothing, nothing, on_error='raise'))
        return [pa.BufferReader(content) for content in contents]

    def _name(self, number: int) -> str:
        return part_path(Path(), number).name

    def _asked(self, where: str, ask: Callable[[], _Result]) -> _Result:
        """Turn errors of the store's library, which may have any class, into ours."""
        try:
            return ask()
        except FileNotFoundError as error:
            raise FileNotFoundError(f'{where}: there is no such file: {error}. Remedy: check the address.') from error
        except Exception as error:
            raise EmbeddingsError(
                f'{where}: cannot be read: {type(error).__name__}: {error}. Remedy: check address, end point, '
                'credentials and network, then repeat the command.'
            ) from error


def tail_of(path: Path) -> bytes:
    """The end of a Parquet file, with at least the whole footer."""
    with open(path, 'rb') as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        if (length := _footer_bytes(tail)) > len(tail):
            file.seek(max(0, size - length))
            tail = file.read()
    return tail


def _footer_bytes(tail: Any) -> int:
    """Bytes of the footer, with its length and 'PAR1' at the end."""
    return 8 + int.from_bytes(tail[-8:-4], 'little')
