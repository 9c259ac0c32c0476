"""The bytes of a list, in memory or, for a long list, in its file."""

import os
import weakref
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .list_file import not_text, read_text, refuse_other_kinds

IN_MEMORY = 1 << 25
"""Bytes. A list up to this size, about a million lines, is held in memory: its file may change during a run."""
BLOCK = 1 << 22
"""Bytes that are scanned together."""


class ListChanged(RuntimeError):
    """The file of a long list has changed since the list was opened."""


class ListSource:
    """Bytes of a list in UTF-8, without its byte-order mark.

    The file of a long list stays open, so a new file under the same name changes nothing. It is read, not mapped:
    access to the map of a file that has become shorter kills the process.

    Args:
        path: the list; a list in UTF-16 is held in memory, as UTF-8.

    Attributes:
        size: number of bytes.

    Raises:
        ValueError: the file is not a text list.
    """

    def __init__(self, path: Path) -> None:
        refuse_other_kinds(path)
        self.path = path
        self._memory: bytes | None = None
        with path.open('rb') as file:
            mark = file.read(len(BOM_UTF8))
            self._begin = len(BOM_UTF8) if mark == BOM_UTF8 else 0
            if mark.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                self._memory = read_text(path).encode()
            elif os.fstat(file.fileno()).st_size <= IN_MEMORY:
                file.seek(self._begin)
                self._memory = file.read()
        if self._memory is not None:
            self.size = len(self._memory)
        else:
            self._open()
            self.size = self._state[0] - self._begin

    def _open(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, descriptor)
        self._descriptor = descriptor
        self._state = self._state_now()

    def _state_now(self) -> tuple[int, int]:
        now = os.fstat(self._descriptor)
        return now.st_size, now.st_mtime_ns

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` up to, but without, `stop`; both within the size.

        Raises:
            ListChanged: the file was written to since it was opened.
        """
        if self._memory is not None:
            return self._memory[start:stop]
        data = os.pread(self._descriptor, stop - start, self._begin + start)
        if len(data) != stop - start or self._state_now() != self._state:
            raise ListChanged(
                f'{self.path}: the list was changed while in use, so its lines have moved. '
                'Remedy: start again; to change a list during a run, write a new file and rename it.'
            )
        return data

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """(position of the first byte, bytes) of blocks that end after a line feed, or with the list."""
        place = 0
        while place < self.size:
            block = self.read(place, min(place + BLOCK, self.size))
            while (end := block.rfind(b'\n') + 1) == 0 and place + len(block) < self.size:  # a line longer than a block
                block += self.read(place + len(block), min(place + 2 * len(block), self.size))
            if place + len(block) < self.size:
                block = block[:end]
            yield place, block
            place += len(block)

    def require_text(self, place: int, block: bytes) -> None:
        """Check that the bytes of a block, which begins at `place`, are UTF-8.

        Raises:
            ValueError: they are not; the message names the first wrong byte.
        """
        try:
            block.decode()
        except UnicodeDecodeError as error:
            raise not_text(self.path, place + error.start) from None

    def require_text_throughout(self) -> None:
        """Apply `require_text` to all blocks."""
        for place, block in self.blocks():
            self.require_text(place, block)

    def __getstate__(self) -> dict[str, Any]:
        """State for a new process, which opens the file itself."""
        return {name: value for name, value in self.__dict__.items() if name != '_descriptor'}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._memory is None:
            was = self._state
            self._open()
            self._state = was  # the first read compares
