"""Stores indices: in the memory of the process, and next to the file if the stream must be decoded for its index."""

import io
import logging
import os
import zlib
from collections import OrderedDict
from pathlib import Path

import av
import numpy as np

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.video.index import PacketIndex
from cmvl_mm.video.sequential import Fault
from cmvl_mm.video.truth import FRAME, PACKET, Truth

logger = logging.getLogger(__name__)

SUFFIX = '.index.npz'
"""Suffix of the index file next to the video."""

_VERSION = 1
_MOST = 64 << 20  # bytes of indices kept in the memory of a process
_SAMPLE = 1 << 16  # bytes read at each end of a file

Identity = tuple[str, int, int, int]
"""Path, inode, size and modification time of a file: a file that replaces it differs in at least one."""

_known: OrderedDict[Identity, Truth | PacketIndex] = OrderedDict()
_kept_bytes = 0
_told: list[str] = []  # paths of the files that were decoded for their index


def identity_of(path: str | None) -> Identity | None:
    """The identity of a file; None if there is no file."""
    if path is None:
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    return os.path.abspath(path), status.st_ino, status.st_size, status.st_mtime_ns


def recall(identity: Identity | None) -> Truth | PacketIndex | None:
    """What this process knows of a file that has not changed since.

    Args:
        identity: identity of the file when it was opened; it may have been replaced since.
    """
    index = None if identity is None else _known.get(identity)
    if identity is not None and index is not None:
        _known.move_to_end(identity)
    return index


def find_beside(path: str) -> Truth | None:
    """The index next to a video; None if there is none, or none that can be used."""
    try:
        return load(path)
    except ValueError as error:
        logger.warning('%s. The index is rebuilt.', error)
        return None


def tell(path: str, truth: Truth, reason: str, seconds: float) -> None:
    """Log the cost of a file's index and how to avoid it; the first message of a process is a warning."""
    level = logging.INFO if _told else logging.WARNING
    _told.append(path)
    logger.log(
        level,
        '%s: decoded once for its index, %d frames in %.1f s (%s). Every process repeats this. Remedy: run cmvl '
        'prepare, or keep the index beside the video with CompressedVideo(path, keep_index=True).',
        path,
        truth.num_frames,
        seconds,
        reason,
    )


def remember(identity: Identity | None, index: Truth | PacketIndex) -> None:
    """Keep an index in memory; the oldest ones are dropped if they take too much."""
    global _kept_bytes
    if identity is None:
        return
    forgotten = _known.pop(identity, None)
    _known[identity] = index
    _kept_bytes += index.nbytes - (forgotten.nbytes if forgotten else 0)
    while len(_known) > 1 and _kept_bytes > _MOST:
        _kept_bytes -= _known.popitem(last=False)[1].nbytes


def keep(path: str, truth: Truth) -> None:
    """`save`, or a warning if the folder cannot be written: the video itself is sound."""
    try:
        save(path, truth)
    except OSError as error:
        logger.warning(
            '%s%s: cannot write the index: %s. Every process decodes the video once. Remedy: make the folder writable, '
            'or open the video without keep_index.',
            path,
            SUFFIX,
            error.strerror,
        )


def save(path: str, truth: Truth) -> Path:
    """Write the index next to its video, atomically.

    Raises:
        OSError: the folder cannot be written.
    """
    buffer = io.BytesIO()
    keyframes = np.empty(0, np.int64) if truth.keyframes is None else truth.keyframes
    np.savez_compressed(
        buffer,
        binding=np.array(_binding(path), np.int64),
        libraries=np.array(_libraries(), np.int64),
        packets=truth.packets.view(np.uint8),
        frames=truth.frames.view(np.uint8),
        fault_positions=np.array([fault.position for fault in truth.faults], np.int64),
        fault_reasons=np.array([fault.reason for fault in truth.faults], np.str_),
        keyframes=keyframes,
        has_keyframes=np.array(truth.keyframes is not None),
    )
    target = Path(f'{path}{SUFFIX}')
    with atomic_write(target) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return target


def load(path: str) -> Truth | None:
    """The index next to a video; None if there is none, or it belongs to another file or FFmpeg version.

    Raises:
        ValueError: the index file is damaged.
    """
    source = f'{path}{SUFFIX}'
    if not os.path.isfile(source):
        return None
    try:
        with open(source, 'rb') as file, np.load(file, allow_pickle=False) as stored:
            if stored['binding'].tolist() != _binding(path) or stored['libraries'].tolist() != _libraries():
                return None
            frames, packets = stored['frames'].view(FRAME), stored['packets'].view(PACKET)
            faults = zip(stored['fault_positions'].tolist(), stored['fault_reasons'].tolist(), strict=True)
            truth = Truth(
                packets=packets,
                frames=frames,
                faults=tuple(Fault(position, reason) for position, reason in faults),
                keyframes=stored['keyframes'] if stored['has_keyframes'] else None,
            )
    except Exception as error:  # NumPy and zipfile raise a dozen kinds
        raise ValueError(f'{source}: the index beside the video is damaged: {error}') from error
    return truth if len(frames) and frames['position'].max() < len(packets) else None


def _binding(path: str) -> list[int]:
    """Identifies the file: version of this format, length, and checksum of both ends."""
    with open(path, 'rb') as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        checksum = zlib.crc32(file.read(_SAMPLE))
        file.seek(max(length - _SAMPLE, 0))
        return [_VERSION, length, zlib.crc32(file.read(_SAMPLE), checksum)]


def _libraries() -> list[int]:
    """FFmpeg's library versions: another release may decode or export vectors differently."""
    return list(av.library_versions['libavcodec'])
