"""What the names of NumPy and MMEngine mean inside a checkpoint: MMEngine's message hub, and nothing else.

MMEngine's checkpoints hold NumPy arrays and `HistoryBuffer`s, which `torch.load(weights_only=True)` refuses until they
are allow-listed. The classes themselves must not be: `numpy.ndarray(1, 'O', buffer=b'AAAAAAAA')`, which a crafted file
may then ask for, is a Python object at an address of the file's choice, and `HistoryBuffer.__setstate__` changes the
class for the whole process. So each name stands for something that can do no more than a checkpoint needs.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mmengine.logging import HistoryBuffer

_NUMBERS = frozenset({'f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1'})
_STATISTICS = frozenset({'min', 'max', 'mean', 'current'})
_HISTORY = frozenset({'max_length', '_log_history', '_count_history'})


def _refuse(what: str) -> ValueError:
    return ValueError(f'it asks for {what}, which only a crafted file does')


class NumberType:
    """`numpy.dtype` of one kind of number, in either byte order."""

    def __init__(self, kind: str, align: bool = False, copy: bool = False) -> None:
        if kind not in _NUMBERS:
            raise _refuse(f'the number type {kind!r}')
        self.kind, self.dtype = kind, np.dtype(kind)

    def __setstate__(self, state: tuple) -> None:
        """(version, byte order, subarray, names, fields, size, alignment, flags): only the order says anything."""
        if state not in [(3, order, None, None, None, -1, -1, 0) for order in '<>|=']:
            raise _refuse(f'a number type of {state!r}')
        self.dtype = np.dtype(f'{state[1]}{self.kind}')


class Numbers(np.ndarray):
    """`numpy.ndarray`: empty when it is made, then filled from bytes."""

    def __new__(cls) -> 'Numbers':
        return super().__new__(cls, (0,), np.uint8)

    def __setstate__(self, state: tuple) -> None:
        """(version, shape, type, whether columns come first, bytes)."""
        version, shape, kind, fortran, content = state
        if version != 1 or not isinstance(kind, NumberType) or not isinstance(content, bytes):
            raise _refuse(f'an array of {type(kind).__name__} and {type(content).__name__}')
        if math.prod(shape) * kind.dtype.itemsize != len(content) or any(length < 0 for length in shape):
            raise _refuse(f'an array of the shape {shape} from {len(content)} bytes')
        super().__setstate__((1, shape, kind.dtype, fortran, content))


def reconstruct(kind: type, shape: tuple, code: bytes) -> Numbers:
    """`numpy._core.multiarray._reconstruct`: how every array begins."""
    if kind is not Numbers or tuple(shape) != (0,) or code != b'b':
        raise _refuse(f'an array that begins as {kind!r}, {shape!r}, {code!r}')
    return Numbers()


def scalar(kind: NumberType, content: bytes) -> np.generic:
    """`numpy._core.multiarray.scalar`: one number from its bytes."""
    if not isinstance(kind, NumberType) or not isinstance(content, bytes) or len(content) != kind.dtype.itemsize:
        raise _refuse(f'a number of {type(kind).__name__} and {type(content).__name__}')
    return np.frombuffer(content, kind.dtype)[0]


class History(HistoryBuffer):
    """MMEngine's `HistoryBuffer`, which it becomes when it is filled."""

    def __init__(self) -> None:
        raise _refuse('a history with contents of its own')

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Two arrays and a length; of the methods that MMEngine writes along, only that they are its own counts."""
        fields = dict(state)
        methods = fields.pop('statistics_methods', {})
        for name in methods:
            if name not in _STATISTICS or methods[name] is not getattr(HistoryBuffer, name):
                raise _refuse(f'a history with a method {name!r} of its own')
        if fields.keys() != _HISTORY or not isinstance(fields['max_length'], int):
            raise _refuse(f'a history of {sorted(map(str, fields))}')
        for name in ('_log_history', '_count_history'):
            if not isinstance(fields[name], Numbers) or fields[name].ndim != 1:
                raise _refuse(f'a history whose {name} is a {type(fields[name]).__name__}')
            fields[name] = np.array(fields[name])  # a plain array
        self.__dict__.update(fields)
        self._set_default_statistics()
        self.__class__ = HistoryBuffer  # so that it is saved under MMEngine's name again


def history_statistic(owner: object, name: str) -> Callable:
    """`getattr`: names one of HistoryBuffer's four statistics.

    The real `getattr` must never be allow-listed: with it a crafted file reaches any module's globals.
    """
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
"""For `torch.serialization.add_safe_globals`: what stands in for which name."""
