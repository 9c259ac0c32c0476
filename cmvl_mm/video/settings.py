"""What can be asked of a read: checked before anything is decoded, each with an error that says what can be."""

import operator

from cmvl_mm.video.container import CODECS_WITH_VECTORS
from cmvl_mm.video.directions import Directions, Normalise
from cmvl_mm.video.errors import FrameIndexError, SettingError, Stage, VideoError


def whole_number(path: str, stage: Stage, name: str, value: object, *, least: int | None = None) -> int:
    """``value`` as an int.

    Raises:
        SettingError: it is no whole number, or below ``least``.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise SettingError(path, stage, f'{name} is {value!r}', f'Give a whole number for {name}') from error
    if least is not None and number < least:
        raise SettingError(path, stage, f'{name} is {number}', f'Give {name} of at least {least}')
    return number


def check_directions(path: str, directions: Directions, normalise: Normalise) -> None:
    """Raises SettingError."""
    if directions not in ('past', 'both'):
        raise SettingError(path, 'motion', f'directions is {directions!r}', 'Give "past" or "both"')
    if normalise not in (None, 'per_frame'):
        raise SettingError(path, 'motion', f'normalise is {normalise!r}', 'Give None or "per_frame"')


def check_codec(path: str, codec: str) -> None:
    """Raises VideoError where no vectors of the codec are known to be right."""
    if codec not in CODECS_WITH_VECTORS:
        raise VideoError(path, 'motion', f'FFmpeg exports no motion vectors of {codec} that are known to be right')


def check_batches(path: str, *, rgb: object, motion: bool, residual: bool, batch: int, step: int, workers: int) -> None:
    """Raises SettingError, for what is no whole number from 1 on, and where nothing is asked for."""
    for name, value in (('batch', batch), ('step', step), ('workers', workers)):
        whole_number(path, 'decode', name, value, least=1)
    if not (rgb or motion or residual):
        remedy = 'Give rgb=True, rgb="keyframes", motion=True or residual=True'
        raise SettingError(path, 'decode', 'nothing is asked for', remedy)
    if rgb not in (False, True, 'keyframes'):
        raise SettingError(path, 'decode', f'rgb is {rgb!r}', 'Give True, False or "keyframes"')


def frames_between(path: str, num_frames: int, start: int, stop: int | None, step: int) -> range:
    """Display indices.

    Raises:
        SettingError: they are no whole numbers.
        FrameIndexError: ``start`` or ``stop`` below 0 or behind the end.
    """
    start = whole_number(path, 'index', 'start', start)
    end = num_frames if stop is None else whole_number(path, 'index', 'stop', stop)
    for number in (start, end):
        if not 0 <= number <= num_frames:
            reason = f'frames {start} to {end} of a video of {num_frames} frames'
            raise FrameIndexError(path, 'index', reason, f'Give start and stop from 0 to {num_frames}')
    return range(start, end, step)
