"""Optical flow as a second source of motion (Table 4): a file next to the video, read like its vectors.

``name.flow.npz`` belongs to ``name.mp4``.  It is an ordinary NumPy archive: ``header`` identifies the video from which
it was made, ``frames_000000``, ``frames_000001``, ... hold `_TOGETHER` frames each, so that a window of eight frames
reads two or three members and not the whole file.  `cmvl_mm.prepare.tvl1` computes the flow.
"""

import io
import math
import operator
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.video.asked import Indices
from cmvl_mm.video.errors import FrameIndexError, VideoError
from cmvl_mm.video.motion import MotionField, grid_shape
from cmvl_mm.video.stream import CompressedVideo

FLOW_BLOCK = 4  # px: one sixteenth of the size of dense flow, and still finer than the vectors' 16 px
_VERSION = 1
_TOGETHER = 4  # frames per member
_NPY_HEADER = 10_240  # bytes; the longest header that NumPy reads
_HEADER = np.dtype(
    [(name, '<i8') for name in ('version', 'block', 'num_frames', 'height', 'width', 'video_bytes')]  # px, bytes
)


class FlowError(VideoError):
    """A flow file is missing, damaged, or of another video; ``path`` is the flow file, ``stage`` ``motion``."""

    def _remedy(self) -> str:
        return 'Make it with cmvl prepare --flow, which keeps the videos that are ready'


def flow_path(video: str | os.PathLike[str]) -> str:
    """Path of the flow file of a video: ``name.mp4`` -> ``name.flow.npz``."""
    return f'{os.path.splitext(os.fspath(video))[0]}.flow.npz'


def write_flow(video: CompressedVideo, frames: Iterable[npt.NDArray[np.int16]]) -> None:
    """Write the flow of a whole video atomically: an interrupted run leaves no file under its name.

    Args:
        video: the video of this flow.
        frames: int16 (Hb, Wb, 2) for every frame, in order: (dx, dy) in quarter pixels, dst - src, the displacement
            of each `FLOW_BLOCK` since the previous frame.  The first frame has no previous frame: it must be 0.

    Raises:
        FlowError: frames have another shape or number, frame 0 has motion, or the file cannot be written.
        VideoError: raised by ``frames``.
    """
    path = flow_path(video.path)
    with _reporting(path), atomic_write(path) as temporary, zipfile.ZipFile(temporary, 'w') as archive:
        count = 0
        checked = _checked(video, frames)
        while group := list(islice(checked, _TOGETHER)):
            _write_member(archive, _member_name(count // _TOGETHER), np.stack(group))
            count += len(group)
        if count != video.num_frames:
            raise ValueError(f'{count} frames of flow do not match the {video.num_frames} frames of the video')
        _write_member(archive, 'header.npy', _expected_header(video))


def read_flow(video: CompressedVideo, *, motion: Indices) -> MotionField:
    """The stored flow of some frames, under the contract of `CompressedVideo.read`.

    Args:
        video: an open video, with its flow file in the same folder.
        motion: display indices; any order, repeats allowed.

    Returns:
        The `MotionField` of len(motion) frames with ``block`` = `FLOW_BLOCK`, not the ``block`` of the video.
        ``valid`` is False for frame 0 and True for all others: I-frames have flow.

    Raises:
        FrameIndexError: an index is below 0 or past the last frame.
        FlowError: the file is missing, truncated, damaged, or not of this video.
    """
    numbers = [operator.index(index) for index in motion]
    for number in numbers:
        if not 0 <= number < video.num_frames:
            raise FrameIndexError(video.path, 'index', f'there is no frame {number} in {video.num_frames} frames')
    grid = grid_shape(video.height, video.width, FLOW_BLOCK)
    vectors = np.empty((len(numbers), *grid, 2), np.int16)
    valid = np.empty((len(numbers), *grid), np.bool_)
    with _opened(video) as archive:
        members = {member: _read_frames(archive, member, video) for member in {n // _TOGETHER for n in numbers}}
    for row, number in enumerate(numbers):
        vectors[row] = members[number // _TOGETHER][number % _TOGETHER]
        valid[row] = number > 0
    return MotionField(vectors=vectors, valid=valid, block=FLOW_BLOCK)


def verify_flow(video: CompressedVideo) -> None:
    """Read the whole flow file as a check.

    Raises:
        FlowError: as `read_flow`.
    """
    with _opened(video) as archive:
        for member in range(-(-video.num_frames // _TOGETHER)):
            _read_frames(archive, member, video)


@contextmanager
def _reporting(path: str) -> Iterator[None]:
    """Convert the exceptions of zipfile and NumPy to `FlowError`."""
    try:
        yield
    except VideoError:
        raise
    except Exception as error:
        raise FlowError(path, 'motion', f'{type(error).__name__}: {error}') from error


@contextmanager
def _opened(video: CompressedVideo) -> Iterator[zipfile.ZipFile]:
    """Open the video's flow file and check its header."""
    path = flow_path(video.path)
    expected = _expected_header(video)
    if not os.path.isfile(path):
        raise FlowError(path, 'motion', 'there is no such flow file')
    with _reporting(path), zipfile.ZipFile(path) as archive:
        found = _read_member(archive, 'header.npy', (), _HEADER)
        for name in _HEADER.names or ():
            if found[name] != expected[name]:
                raise FlowError(path, 'motion', f'its header says {name} {found[name]}, the video {expected[name]}')
        yield archive


def _expected_header(video: CompressedVideo) -> npt.NDArray[np.void]:
    """The header that the flow file of this video must have.  The video's size distinguishes re-encodings."""
    values = _VERSION, FLOW_BLOCK, video.num_frames, video.height, video.width, os.path.getsize(video.path)
    return np.array(values, _HEADER)


def _checked(video: CompressedVideo, frames: Iterable[npt.NDArray[np.int16]]) -> Iterator[npt.NDArray[np.int16]]:
    shape = (*grid_shape(video.height, video.width, FLOW_BLOCK), 2)
    for number, frame in enumerate(frames):
        if frame.shape != shape or frame.dtype != np.int16:
            raise ValueError(f'frame {number} is {frame.dtype} {frame.shape}, not int16 {shape}')
        if number == 0 and frame.any():
            raise ValueError('frame 0 must have no motion, because no frame is before it')
        yield frame


def _member_name(number: int) -> str:
    return f'frames_{number:06d}.npy'


def _write_member(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    data = io.BytesIO()
    np.lib.format.write_array(data, array, allow_pickle=False)
    # ZipInfo's default date is fixed: the same flow gives the same file.
    archive.writestr(zipfile.ZipInfo(name), data.getvalue(), compress_type=zipfile.ZIP_DEFLATED)


def _read_member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    held, size = math.prod(shape) * np.dtype(dtype).itemsize, archive.getinfo(name).file_size
    if size > held + _NPY_HEADER:  # checked before the member is unpacked
        raise ValueError(f'{name} unpacks to {size} bytes, but {np.dtype(dtype)} {shape} needs only {held}')
    data = io.BytesIO(archive.read(name))  # read completely, so that zipfile verifies the checksum
    array = np.lib.format.read_array(data, allow_pickle=False)
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f'{name} is {array.dtype} {array.shape}, not {np.dtype(dtype)} {shape}')
    return array


def _read_frames(archive: zipfile.ZipFile, member: int, video: CompressedVideo) -> npt.NDArray[np.int16]:
    count = min(_TOGETHER, video.num_frames - member * _TOGETHER)
    shape = count, *grid_shape(video.height, video.width, FLOW_BLOCK), 2
    return _read_member(archive, _member_name(member), shape, np.int16)
