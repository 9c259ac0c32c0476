"""Converts records of the reader to tensors that share their memory."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from cmvl_mm.video.checks import one_of

Channels = Literal['last', 'first']
Tensors = dict[str, Any]

_WITH_CHANNELS = ('rgb', 'vectors')
"""Fields whose last axis is the channel axis: red, green and blue, or x and y."""


def as_tensors(record: Any, *, channels: Channels = 'last') -> Tensors:
    """Convert a record of `cmvl_mm.video` to a dict of tensors, for torch's collate functions and ``pin_memory``.

    The keys are the names of the record's fields.  Nothing is copied: a tensor shares the memory of its array.

    | field | becomes |
    |---|---|
    | array | tensor of the same type and shape; for ``rgb`` and ``vectors``, ``channels`` places the channel axis |
    | record | dict, likewise |
    | number, text | itself |
    | None | left out, such as a ``distance`` that was not requested |
    | ``missing`` | left out: ``valid`` says which cells have vectors |
    | ``distance`` | int64 (n,), and ``distance_valid``, bool (n,): False, and 0, where it is unknown |
    | ``approximate`` | ``exact``, bool |

    Args:
        record: `Frames`, `Batch`, `MotionField`, `ResidualField`, `AccumulatedMotion` or any other.
        channels: 'first' gives views of shape (n, 3, H, W) and (n, 2, Hb, Wb); their memory layout does not change.

    Raises:
        TypeError: ``record`` is not a record.
        ValueError: any other value of ``channels``.
    """
    one_of('channels', channels, 'last', 'first')
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(
            f'{type(record).__name__} is not a record of cmvl_mm.video. Remedy: pass what its readers return.'
        )
    tensors: Tensors = {}
    for name in [field.name for field in fields(record)]:
        value = getattr(record, name)
        if name == 'distance' and value is not None:
            tensors[name] = torch.tensor([distance or 0 for distance in value], dtype=torch.int64)
            tensors['distance_valid'] = torch.tensor([distance is not None for distance in value], dtype=torch.bool)
        elif name == 'approximate':
            tensors['exact'] = value is None
        elif isinstance(value, np.ndarray):
            tensors[name] = tensor_of(value, name, channels)
        elif is_dataclass(value):
            tensors[name] = as_tensors(value, channels=channels)
        elif value is not None and name != 'missing':
            tensors[name] = value
    return tensors


def tensor_of(array: npt.NDArray[Any], name: str, channels: Channels) -> torch.Tensor:
    """Convert one array of the field ``name``, or one row of it."""
    tensor = torch.from_numpy(array)
    return tensor.movedim(-1, -3) if channels == 'first' and name in _WITH_CHANNELS else tensor


def rows(tensors: Tensors, count: int) -> Iterator[Tensors]:
    """The values of each of ``count`` frames, from tensors that hold one row per frame."""
    for row in range(count):
        yield _row(tensors, row)


def _row(value: Any, row: int) -> Any:
    if isinstance(value, dict):
        return {name: _row(inner, row) for name, inner in value.items()}
    return value[row] if isinstance(value, torch.Tensor) else value
