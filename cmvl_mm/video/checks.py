"""Checks of settings that a caller gives, with one error that names the setting, its value and the remedy."""

import math
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cmvl_mm.video.errors import SettingError, Stage

_LONGEST = 60  # characters of a value that an error shows
_BOOLS = bool, np.bool_


class SettingFault(ValueError):
    """An invalid setting; `about` turns it into the error of one video.

    Args:
        reason: what is wrong, including the value.
        remedy: what to give instead, without a full stop.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason, remedy)

    def __str__(self) -> str:
        return f'{self.reason}. {self.remedy}.'


@contextmanager
def about(path: str, stage: Stage) -> Iterator[None]:
    """Turn a `SettingFault` raised inside into the `SettingError` of a file."""
    try:
        yield
    except SettingFault as fault:
        raise SettingError(path, stage, fault.reason, fault.remedy) from None


def shown(value: object) -> str:
    """A value as an error shows it: short and on one line."""
    text = ' '.join(repr(value).split())
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'


def whole(name: str, value: object, *, least: int | None = None, most: int | None = None) -> int:
    """``value`` as an int. Accepts any integer, including NumPy's, but no bool and no float.

    Raises:
        SettingFault: it is not an integer, or outside ``least`` ... ``most``.
    """
    try:
        if isinstance(value, _BOOLS):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise SettingFault(f'{name} is {shown(value)}', f'Give a whole number for {name}') from None
    if (least is not None and number < least) or (most is not None and number > most):
        limits = f'of at least {least}' if most is None else f'from {least} to {most}'
        raise SettingFault(f'{name} is {number}', f'Give {name} {limits}')
    return number


def real(name: str, value: object) -> float:
    """``value`` as a float. Accepts any number, including NaN, but no bool and no text.

    Raises:
        SettingFault: it is not a number.
    """
    try:
        if isinstance(value, bool | np.bool_ | str | bytes | bytearray) or np.ndim(value):  # type: ignore[arg-type]
            raise TypeError
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SettingFault(f'{name} is {shown(value)}', f'Give a number for {name}') from None


def finite(name: str, value: object) -> float:
    """As `real`, but rejects NaN and infinity."""
    number = real(name, value)
    if not math.isfinite(number):
        raise SettingFault(f'{name} is {number}', f'Give a finite number for {name}')
    return number


def flag(name: str, value: object, remedy: str = 'Give True or False') -> bool:
    """``value`` as a bool. Raises SettingFault for anything but True and False."""
    if not isinstance(value, _BOOLS):
        raise SettingFault(f'{name} is {shown(value)}', remedy)
    return bool(value)


def one_of(name: str, value: object, *choices: str | None) -> None:
    """Raises SettingFault unless ``value`` is one of ``choices``, which are texts or None."""
    if not (None in choices if value is None else isinstance(value, str) and value in choices):
        *others, last = [f'"{choice}"' if choice is not None else 'None' for choice in choices]
        raise SettingFault(f'{name} is {shown(value)}', f'Give {", ".join(others)} or {last}')


def two_of(name: str, value: object, meaning: str) -> tuple[Any, Any]:
    """``value`` as a pair of anything.

    Args:
        meaning: of the two values, such as '(height, width)'.

    Raises:
        SettingFault: it is not a pair.
    """
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes) or len(value) != 2:
        raise SettingFault(f'{name} is {shown(value)}', f'Give {meaning}')
    first, second = value
    return first, second


def sides(name: str, value: object, meaning: str) -> tuple[int, int]:
    """``value`` as two whole numbers of at least 1; arguments and errors as in `two_of`."""
    first, second = (whole(f'each of {name}', side, least=1) for side in two_of(name, value, meaning))
    return first, second
