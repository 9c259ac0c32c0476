"""Inputs of an inferencer, one by one: video files, decoded frames, normalised clips."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cmvl_mm.prepare.sources import find_in_folder

Kind = Literal['file', 'array', 'tensor']


class InputError(ValueError):
    """An input has an unknown type; the message names it and the valid types."""


class Input(NamedTuple):
    """One video."""

    name: str
    """Path of a file; otherwise 'array 0', 'tensor 2', by its position among all inputs."""
    kind: Kind
    value: str | npt.NDArray[np.uint8] | Tensor
    """Path; (T, H, W, 3) uint8 RGB; or (clips, 3, T, H, W) float, normalised."""


def inputs_of(given: Any) -> list[Input]:
    """All videos in a user's input.

    Args:
        given: a file; a folder, for all videos below it by path; (T, H, W, 3) uint8 RGB frames; a tensor of one
            normalised clip (3, T, H, W) or of several of one video (N, 3, T, H, W); or a list of any of these.

    Raises:
        InputError: the input has another type, or is empty.
        FileNotFoundError: the file does not exist.
    """
    found = [Input(*one) for one in _named(_flat(given))]
    if not found:
        raise InputError('no input given. Remedy: pass a video, a folder of videos, frames or clips.')
    return found


def _flat(given: Any) -> Iterator[str | npt.NDArray[Any] | Tensor]:
    if isinstance(given, (str, os.PathLike)):
        yield from _files(Path(given))
    elif isinstance(given, np.ndarray):
        if given.ndim != 4 or given.shape[-1] != 3 or given.dtype != np.uint8 or not given.size:
            raise InputError(
                f'an array of {given.shape} {given.dtype}. Remedy: pass frames of one video, (T, H, W, 3) uint8 RGB.'
            )
        yield given
    elif isinstance(given, Tensor):
        clips = given[None] if given.ndim == 4 else given
        if clips.ndim != 5 or clips.shape[1] != 3 or not clips.is_floating_point() or not clips.numel():
            raise InputError(
                f'a tensor of {tuple(given.shape)} {given.dtype}. Remedy: pass normalised clips for the backbone, '
                '(3, T, H, W) or (N, 3, T, H, W) of floating point; pass frames as an array (T, H, W, 3).'
            )
        yield clips
    elif isinstance(given, Iterable) and not isinstance(given, (bytes, dict)):
        for one in given:
            yield from _flat(one)
    else:
        raise InputError(
            f'a {type(given).__name__} is not a video. Remedy: pass a path, an array (T, H, W, 3), a tensor '
            '(3, T, H, W), or a list of these.'
        )


def _files(path: Path) -> Iterator[str]:
    if path.is_file():
        yield str(path)
    elif path.is_dir():
        sources = find_in_folder(path).sources
        if not sources:
            raise InputError(f'{path}: no videos in this folder. Remedy: pass a folder of videos.')
        yield from (str(path / source.path) for source in sources)
    else:
        raise FileNotFoundError(f'{path}: there is no such video or folder. Remedy: check the path.')


def _named(values: Iterable[str | npt.NDArray[Any] | Tensor]) -> Iterator[tuple[str, Kind, Any]]:
    for place, value in enumerate(values):
        if isinstance(value, str):
            yield value, 'file', value
        elif isinstance(value, Tensor):
            yield f'tensor {place}', 'tensor', value
        else:
            yield f'array {place}', 'array', value
