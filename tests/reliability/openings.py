"""Which files of a folder are opened, in which order: what runs of other processes compute, seen from outside."""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Self

_OPEN, _LOST = 0x20, 0x4000  # of Linux's <sys/inotify.h>
_HEAD = struct.Struct('iIII')


class Openings:
    """Notes openings, by any process, from when it is entered.

    Raises:
        OSError: the system cannot watch the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: list[str] = []

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if libc.inotify_add_watch(self._events, os.fsencode(self._folder), _OPEN) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._events)

    def names(self) -> list[str]:
        """Of the files that have been opened until now. Of one that is opened several times in turn, at least one.

        Raises:
            RuntimeError: there were more events than the system keeps; ask more often.
        """
        while data := self._read():
            at = 0
            while at < len(data):
                _, mask, _, length = _HEAD.unpack_from(data, at)
                name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b'\0')
                at += _HEAD.size + length
                if mask & _LOST:
                    raise RuntimeError(f'{self._folder}: the system has lost events. Remedy: ask more often.')
                if name:  # not the folder itself
                    self._found.append(os.fsdecode(name))
        return self._found

    def _read(self) -> bytes:
        try:
            return os.read(self._events, 1 << 16)
        except BlockingIOError:
            return b''


def begun_again(opened: Iterable[str], blocks: Iterable[Iterable[str]]) -> int:
    """How often a block began anew after more than its first file; files of a block are read one after the other."""
    place = {name: (number, index) for number, block in enumerate(blocks) for index, name in enumerate(block)}
    last: dict[int, int] = {}
    again = 0
    for name in opened:
        number, index = place[name]
        again += index < last.get(number, 0)
        last[number] = index
    return again
