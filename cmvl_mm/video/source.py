"""The source of a video's bytes: a path, bytes in memory, or an open file."""

import io
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

from cmvl_mm.video.errors import VideoError

Video = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


class Source:
    """A video that can be opened repeatedly, each time from its first byte.

    Args:
        video: the path of a regular file; its bytes; or a seekable binary file object, whose position is moved.

    Raises:
        VideoError: stage ``open``, for any other object.
    """

    def __init__(self, video: Video) -> None:
        self.path: str | None = None
        """Path of the file; None if the source is not a file on disk."""
        self._data = b''
        self._file: Any = None
        self._lock = threading.Lock()  # guards the file object's position
        if isinstance(video, str | os.PathLike):
            self.path = self.name = os.fspath(video)
        elif isinstance(video, bytes | bytearray | memoryview):
            self.name = f'<{type(video).__name__}>'
            self._data = bytes(video)
        else:
            self.name = f'<{type(video).__name__}>'
            _check_file_object(self.name, video)
            self._file = video

    def open(self) -> BinaryIO:
        """The bytes as an open file with its own position."""
        if self.path is not None:
            return open(self.path, 'rb')
        if self._file is None:
            return io.BytesIO(self._data)
        return io.BufferedReader(_View(self._file, self._lock))

    def for_pyav(self) -> str | BinaryIO:
        """The argument for PyAV. The prefix 'file:' keeps a colon in a name from being taken for a protocol."""
        return self.open() if self.path is None else f'file:{Path(self.path).absolute()}'


def as_source(video: 'Video | Source') -> Source:
    """Return a source unchanged, or create one."""
    return video if isinstance(video, Source) else Source(video)


class _View(io.RawIOBase):
    """One of several readers of the same open file, each with its own position."""

    def __init__(self, file: Any, lock: threading.Lock) -> None:
        self._file, self._lock, self._at = file, lock, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._lock:
            self._file.seek(self._at)
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            with self._lock:
                self._at = self._file.seek(offset, os.SEEK_END)
        else:
            self._at = offset + (self._at if whence == os.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        return self._at


def _check_file_object(name: str, file: Any) -> None:
    """Raises VideoError for an object that is not a binary file, cannot seek, or cannot be read."""
    if not callable(getattr(file, 'read', None)):
        reason, remedy = 'this is not a video', 'Pass a path, bytes, or a file object opened in binary mode'
        raise VideoError(name, 'open', reason, remedy)
    try:
        file.seek(0, os.SEEK_CUR)
    except (AttributeError, OSError, ValueError) as error:
        remedy = 'Pass its content: CompressedVideo(file.read())'
        raise VideoError(name, 'open', 'the file object cannot seek, or is closed', remedy) from error
    try:
        nothing = file.read(0)
    except (OSError, ValueError) as error:
        raise VideoError(name, 'open', 'the file object cannot be read', "Open it with open(path, 'rb')") from error
    if not isinstance(nothing, bytes):
        raise VideoError(
            name, 'open', 'the file object returns text, not bytes', "Open it in binary mode: open(path, 'rb')"
        )
