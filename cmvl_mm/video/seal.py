"""The seal of prepared files: a last box that identifies the writer of the file and the content of its table.

An .mp4 file may end in a box of type 'uuid' (ISO/IEC 14496-12, 4.2), which readers skip.  Ours binds the version and
the profile to the file's length and to the checksum of its table ('moov').  Any program that remuxes, cuts, joins or
edits the file drops the box or breaks the binding.  So a sealed file is known to have the structure that `reencode`
writes: one frame per packet, decoding order is display order, an I-frame at 0, `gop`, 2 `gop`, ...
"""

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

VERSION = 1
_KIND = UUID('6b0c9b1e-5a2f-4f0d-9d0e-c37d5f0a6a51').bytes
_HEADER = 8 + len(_KIND)  # bytes: size, 'uuid', type of our box
_ROOM = 256  # bytes of the whole box, at a fixed distance from the end of the file
_LARGEST_TABLE = 64 << 20  # bytes


@dataclass(frozen=True)
class Seal:
    """What a prepared file states about itself."""

    profile: str
    """The name of the encoding profile; 'custom' for a profile without a name."""
    num_frames: int
    gop: int
    """Frames from one I-frame to the next."""


def write_seal(path: str, seal: Seal) -> None:
    """Append the seal to a finished .mp4 file.

    Raises:
        ValueError: the file has no table, or its profile's name is too long.
    """
    with open(path, 'r+b') as file:
        first, size = _table(file)
        length = file.seek(0, os.SEEK_END)
        content = {
            'cmvl_mm': VERSION,
            'profile': seal.profile,
            'frames': seal.num_frames,
            'gop': seal.gop,
            'length': length + _ROOM,
            'table': [first, size, _checksum(file, first, size)],
        }
        text = json.dumps(content, separators=(',', ':')).encode()
        if len(text) > _ROOM - _HEADER:
            raise ValueError(f'the seal needs {len(text)} bytes, but has room for {_ROOM - _HEADER}')
        file.seek(0, os.SEEK_END)
        file.write(_ROOM.to_bytes(4, 'big') + b'uuid' + _KIND + text.ljust(_ROOM - _HEADER))


SEAL_SIZE = _ROOM
"""Bytes that `write_seal` adds."""


def read_seal(path: str) -> Seal | None:
    """The seal of a file; None if it has none, or if the seal does not match the file."""
    with open(path, 'rb') as file:
        return seal_in(file)


def seal_in(file: BinaryIO) -> Seal | None:
    """The seal of an open file, likewise."""
    length = file.seek(0, os.SEEK_END)
    if length < _ROOM:
        return None
    file.seek(length - _ROOM)
    box = file.read(_ROOM)
    if box[:_HEADER] != _ROOM.to_bytes(4, 'big') + b'uuid' + _KIND:
        return None
    try:
        content = json.loads(box[_HEADER:])
        version, bound_length = content['cmvl_mm'], content['length']
        first, size, checksum = content['table']
        seal = Seal(profile=str(content['profile']), num_frames=int(content['frames']), gop=int(content['gop']))
    except (ValueError, KeyError, TypeError):
        return None
    if version != VERSION or bound_length != length or not 0 < size <= _LARGEST_TABLE or seal.gop < 1:
        return None
    return seal if _checksum(file, first, size) == checksum else None


def _table(file: BinaryIO) -> tuple[int, int]:
    """Offset and size of the 'moov' box in bytes."""
    for kind, first, size in _boxes(file):
        if kind == b'moov':
            return first, size
    raise ValueError('the file has no table of frames')


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Type, offset and size of each top-level box of the file (ISO/IEC 14496-12, 4.2)."""
    length = file.seek(0, os.SEEK_END)
    first = 0
    while first + 8 <= length:
        file.seek(first)
        header = file.read(16)
        size = int.from_bytes(header[:4], 'big')
        if size == 1:
            size = int.from_bytes(header[8:16], 'big')
        elif size == 0:
            size = length - first
        if size < 8:
            return
        yield header[4:8], first, size
        first += size


def _checksum(file: BinaryIO, first: int, size: int) -> int:
    file.seek(first)
    return zlib.crc32(file.read(size))
