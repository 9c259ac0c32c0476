"""Files that are made at the first request, in a folder of bounded size."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import NamedTuple


class _Kept(NamedTuple):
    path: Path
    size: int  # bytes


class FileCache:
    """A cache that removes least recently used files first. Threads may share it; a file requested twice is made once.

    Args:
        folder: existing folder with no other files.
        max_bytes: size of all files together; the newest file stays, even if it is larger.
        makers: number of files that are made at the same time.
    """

    def __init__(self, folder: Path, max_bytes: int, makers: int = 2) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()  # oldest use first
        self._lock = Lock()
        self._lock_of: dict[Hashable, Lock] = {}
        self._makers = BoundedSemaphore(makers)
        self._made = 0

    def get(self, key: Hashable, make: Callable[[Path], object]) -> Path:
        """The file of a key; if it is missing, `make` writes it, and errors of `make` are raised."""
        with self._lock:
            lock = self._lock_of.setdefault(key, Lock())
        with lock:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key].path
                self._made += 1
                path = self.folder / str(self._made)
            try:
                with self._makers:
                    make(path)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            with self._lock:
                self._kept[key] = _Kept(path, path.stat().st_size)
                self._shrink()
            return path

    def _shrink(self) -> None:
        while sum(kept.size for kept in self._kept.values()) > self.max_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            oldest.path.unlink()
