"""Checks of the settings of a read, before anything is decoded; each error says which values are valid."""

import numpy as np

from cmvl_mm.video.checks import SettingFault, about, flag, one_of, shown, whole
from cmvl_mm.video.decoder_options import CODECS_WITH_VECTORS
from cmvl_mm.video.errors import FrameIndexError, VideoError


def check_directions(directions: object, normalise: object) -> None:
    """Check the directions of a read.  Raises SettingFault."""
    one_of('directions', directions, 'past', 'both')
    one_of('normalise', normalise, 'per_frame', None)


def check_bits(bits: object) -> None:
    """Check the bits of a residual sample.  Raises SettingFault."""
    if whole('bits', bits) not in (8, 16):
        raise SettingFault(f'bits is {bits}', 'Give 8 or 16')


def check_kinds(*, rgb: object, motion: object, residual: object) -> None:
    """Raises SettingFault if a value is not a flag, or nothing is requested."""
    if not (rgb == 'keyframes' if isinstance(rgb, str) else isinstance(rgb, bool | np.bool_)):
        raise SettingFault(f'rgb is {shown(rgb)}', 'Give True, False or "keyframes"')
    of_all = 'Give True or False: for all frames that are read, or for none'
    if not (flag('motion', motion, of_all) | flag('residual', residual, of_all) | bool(rgb)):
        remedy = 'Give rgb=True, rgb="keyframes", motion=True or residual=True'
        raise SettingFault('nothing is requested', remedy)


def check_codec(path: str, codec: str) -> None:
    """Raises VideoError if no vectors of the codec are known to be right."""
    if codec not in CODECS_WITH_VECTORS:
        raise VideoError(path, 'motion', f'FFmpeg exports no motion vectors of {codec} that are known to be right')


def frames_between(path: str, num_frames: int, start: int, stop: int | None, step: int) -> range:
    """The display indices of a range.

    Raises:
        SettingError: the values are not whole numbers.
        FrameIndexError: ``start`` or ``stop`` is below 0 or past the end.
    """
    with about(path, 'index'):
        start = whole('start', start)
        end = num_frames if stop is None else whole('stop', stop)
    for number in (start, end):
        if not 0 <= number <= num_frames:
            reason = f'frames {start} to {end} are not all in the video of {num_frames} frames'
            raise FrameIndexError(path, 'index', reason, f'Give start and stop from 0 to {num_frames}')
    return range(start, end, step)
