"""Write the motion vectors of a video to one .npz file, part by part."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.video.motion import grid_shape
from cmvl_mm.video.own_source import refuse_own_source
from cmvl_mm.video.runs import runs_of_frames
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.workflows.frame_span import frame_span
from cmvl_mm.workflows.vectors_written import VectorsWritten

_CELLS = 4_000_000  # per part; 20 MB
_LEVEL = 1  # compression level: vectors are mostly equal to their neighbours


def save_vectors(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    frames: range | None = None,
    block: int = 8,
    progress: Callable[[int], object] = lambda count: None,
) -> VectorsWritten:
    """Write the motion of `CompressedVideo.read` to an .npz file without pickles.

    n frames, Hb = ceil(height / block), Wb = ceil(width / block):

    | name | shape | dtype | what |
    |---|---|---|---|
    | vectors | (n, Hb, Wb, 2) | int16 | (dx, dy) in quarter pixels, dst - src; 0 without a vector |
    | valid | (n, Hb, Wb) | bool | whether the cell has a vector |
    | missing | (n,) | str | why a whole frame has no vectors; '' if it has some |
    | frames | (n,) | int64 | display indices |
    | timestamps | (n,) | float64 | seconds; NaN where the stream has no usable time stamps |
    | keyframes | (k,) | int64 | display indices of all key frames of the file |
    | block | () | int64 | edge of a cell, pixels |
    | size | (2,) | int64 | height and width of the picture, pixels |

    Args:
        frames: display indices, in steps of one; None takes all.
        block: edge of a cell, pixels.
        progress: function that gets the number of frames of each finished part.

    Returns:
        The number of frames, and how many have no vectors for which reason. For a video of any length at most 50 MB of
        arrays are in memory at a time.

    Raises:
        VideoError: the file cannot be read, or has no vectors; FrameIndexError for frames outside the video;
            SettingError if ``out`` is the video itself.
        OSError: the result cannot be written.
    """
    refuse_own_source(path, out)
    with CompressedVideo(path, block=block) as video:
        wanted = frame_span(video, frames)
        grid = grid_shape(video.height, video.width, block)
        together = max(1, _CELLS // (grid[0] * grid[1]))
        missing: list[str | None] = []
        with (
            atomic_write(out) as temporary,
            zipfile.ZipFile(temporary, 'w', zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
            tempfile.TemporaryFile(dir=temporary.parent) as valid,  # an archive takes one array after the other
        ):
            with closing(_open(archive, 'vectors', (len(wanted), *grid, 2), np.dtype(np.int16))) as member:
                for run in runs_of_frames(wanted.start, wanted.stop, video.keyframes, together):
                    motion = video.read(motion=run).motion
                    member.write(motion.vectors.data)
                    valid.write(motion.valid.data)
                    missing += motion.missing
                    progress(len(run))
            valid.seek(0)
            with closing(_open(archive, 'valid', (len(wanted), *grid), np.dtype(np.bool_))) as member:
                shutil.copyfileobj(valid, member)
            arrays: dict[str, npt.NDArray[Any]] = {
                'missing': np.array([reason or '' for reason in missing], np.str_),
                'frames': np.array(wanted, np.int64),
                'timestamps': video.timestamps[wanted.start : wanted.stop],
                'keyframes': video.keyframes,
                'block': np.array(block, np.int64),
                'size': np.array((video.height, video.width), np.int64),
            }
            for name, array in arrays.items():
                with archive.open(f'{name}.npy', 'w') as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
    return VectorsWritten.of(missing)


def _open(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> IO[bytes]:
    """Open a member of the archive and write an array's header; the array's bytes in C order follow."""
    member = archive.open(f'{name}.npy', 'w', force_zip64=True)
    header = {'descr': np.lib.format.dtype_to_descr(dtype), 'fortran_order': False, 'shape': shape}
    np.lib.format.write_array_header_1_0(member, header)
    return member
