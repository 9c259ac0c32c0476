"""Reads files of torch.save: tensors, plain data, and the NumPy arrays and histories of MMEngine's checkpoints.

`torch.load(weights_only=True)` refuses the last two until their names are allow-listed for the whole process. Here
the names are allowed for one read, and each is replaced by a class or function of this module that does no more than a
checkpoint needs. Afterwards torch's list is restored, and the caller gets plain NumPy arrays and HistoryBuffers.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

_NUMBERS = frozenset({'f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1'})
_STATISTICS = frozenset({'min', 'max', 'mean', 'current'})
_HISTORY = frozenset({'max_length', '_log_history', '_count_history'})


def _refuse(what: str) -> ValueError:
    return ValueError(f'it needs {what}, which no MMEngine checkpoint does')


class NumberType:
    """`numpy.dtype` of one kind of number, in either byte order."""

    def __init__(self, kind: str, align: bool = False, copy: bool = False) -> None:
        if kind not in _NUMBERS:
            raise _refuse(f'the number type {kind!r}')
        self.kind, self.dtype = kind, np.dtype(kind)

    def __setstate__(self, state: tuple) -> None:
        """(version, byte order, subarray, names, fields, size, alignment, flags): only the byte order is used."""
        if state not in [(3, order, None, None, None, -1, -1, 0) for order in '<>|=']:
            raise _refuse(f'a number type of {state!r}')
        self.dtype = np.dtype(f'{state[1]}{self.kind}')


class Numbers(np.ndarray):
    """`numpy.ndarray`: created empty, then filled from bytes."""

    def __new__(cls) -> 'Numbers':
        return super().__new__(cls, (0,), np.uint8)

    def __setstate__(self, state: tuple) -> None:
        """(version, shape, type, whether the order is Fortran's, bytes)."""
        version, shape, kind, fortran, content = state
        if version != 1 or not isinstance(kind, NumberType) or not isinstance(content, bytes):
            raise _refuse(f'an array of {type(kind).__name__} and {type(content).__name__}')
        if math.prod(shape) * kind.dtype.itemsize != len(content) or any(length < 0 for length in shape):
            raise _refuse(f'an array of the shape {shape} from {len(content)} bytes')
        super().__setstate__((1, shape, kind.dtype, fortran, content))


def reconstruct(kind: type, shape: tuple, code: bytes) -> Numbers:
    """`numpy._core.multiarray._reconstruct`: creates every array."""
    if kind is not Numbers or tuple(shape) != (0,) or code != b'b':
        raise _refuse(f'an array that begins as {kind!r}, {shape!r}, {code!r}')
    return Numbers()


def scalar(kind: NumberType, content: bytes) -> np.generic:
    """`numpy._core.multiarray.scalar`: one number from its bytes."""
    if not isinstance(kind, NumberType) or not isinstance(content, bytes) or len(content) != kind.dtype.itemsize:
        raise _refuse(f'a number of {type(kind).__name__} and {type(content).__name__}')
    return np.frombuffer(content, kind.dtype)[0]


class History(HistoryBuffer):
    """MMEngine's `HistoryBuffer`: an object changes to that class when it is filled."""

    def __init__(self) -> None:
        raise _refuse('a history with unknown contents')

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Two arrays and a length; MMEngine also writes methods, which must be its own statistics."""
        fields = dict(state)
        methods = fields.pop('statistics_methods', {})
        for name in methods:
            if name not in _STATISTICS or methods[name] is not getattr(HistoryBuffer, name):
                raise _refuse(f'a history with an unknown method {name!r}')
        if fields.keys() != _HISTORY or not isinstance(fields['max_length'], int):
            raise _refuse(f'a history of {sorted(map(str, fields))}')
        for name in ('_log_history', '_count_history'):
            if not isinstance(fields[name], Numbers) or fields[name].ndim != 1:
                raise _refuse(f'a history whose {name} is a {type(fields[name]).__name__}')
            fields[name] = np.array(fields[name])  # a plain array
        self.__dict__.update(fields)
        self._set_default_statistics()
        self.__class__ = HistoryBuffer  # so that it is saved under MMEngine's name


def history_statistic(owner: object, name: str) -> Callable:
    """`getattr`, limited to HistoryBuffer's four statistics."""
    if owner is not History or name not in _STATISTICS:
        raise _refuse(f'getattr({owner!r}, {name!r})')
    return getattr(HistoryBuffer, name)


STAND_INS: list[Callable | tuple[Callable, str]] = [
    (History, 'mmengine.logging.history_buffer.HistoryBuffer'),
    (history_statistic, 'builtins.getattr'),
    (Numbers, 'numpy.ndarray'),
    (NumberType, 'numpy.dtype'),
    *((reconstruct, f'numpy.{core}.multiarray._reconstruct') for core in ('core', '_core')),
    *((scalar, f'numpy.{core}.multiarray.scalar') for core in ('core', '_core')),
]
"""The replacement of each name, in the form of `torch.serialization.add_safe_globals`."""

_reading = threading.Lock()


def read_plain(path: str | Path) -> Any:
    """The contents of a file of torch.save, on the CPU: tensors, numbers, text, and NumPy arrays of numbers.

    Raises:
        Exception: the file is damaged or needs any other name. For a damaged file, torch raises any type.
    """
    with _reading, _only_stand_ins():
        contents = torch.load(path, map_location='cpu', weights_only=True)
    return _with_plain_arrays(contents, {})


@contextmanager
def _only_stand_ins() -> Iterator[None]:
    """Allow only these names: torch has one list for the whole process. Entries of others do not count here, and are
    restored afterwards, with those that other threads add meanwhile."""
    before = set(torch.serialization.get_safe_globals())
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(STAND_INS)
    try:
        yield
    finally:
        added = set(torch.serialization.get_safe_globals()) - set(STAND_INS)
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals([*(before | added)])


def _with_plain_arrays(value: Any, done: dict[int, Any]) -> Any:
    """The same dicts and lists with every `Numbers` as numpy.ndarray; `done` keeps shared parts shared."""
    if isinstance(value, Numbers):
        return done.setdefault(id(value), value.view(np.ndarray))
    if type(value) is tuple:
        return tuple(_with_plain_arrays(item, done) for item in value)
    if isinstance(value, (dict, list)) and id(value) not in done:
        done[id(value)] = value
        for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
            value[key] = _with_plain_arrays(item, done)
    return value
