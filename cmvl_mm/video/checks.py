"""What a caller may give for a setting, and one error that names it, shows it and says what would do."""

import math
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cmvl_mm.video.errors import SettingError, Stage

_LONGEST = 60  # letters of a value that an error shows
_BOOLS = bool, np.bool_


class SettingFault(ValueError):
    """A setting that cannot be; `about` makes it the error of one video.

    Args:
        reason: what is wrong, with the value.
        remedy: what would do, without a full stop.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason, remedy)

    def __str__(self) -> str:
        return f'{self.reason}. {self.remedy}.'


@contextmanager
def about(path: str, stage: Stage) -> Iterator[None]:
    """A `SettingFault` inside becomes the `SettingError` of a file."""
    try:
        yield
    except SettingFault as fault:
        raise SettingError(path, stage, fault.reason, fault.remedy) from None


def shown(value: object) -> str:
    """A value as an error shows it: on one line, and short."""
    text = ' '.join(repr(value).split())
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'


def whole(name: str, value: object, *, least: int | None = None, most: int | None = None) -> int:
    """``value`` as an int: any integer, also NumPy's, but no bool and no float.

    Raises:
        SettingFault: it is none, or outside ``least`` ... ``most``.
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
    """``value`` as a float: a number, also NaN, but no bool and no text.

    Raises:
        SettingFault: it is none.
    """
    try:
        if isinstance(value, bool | np.bool_ | str | bytes | bytearray) or np.ndim(value):  # type: ignore[arg-type]
            raise TypeError
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SettingFault(f'{name} is {shown(value)}', f'Give a number for {name}') from None


def finite(name: str, value: object) -> float:
    """Likewise, but neither NaN nor infinite."""
    number = real(name, value)
    if not math.isfinite(number):
        raise SettingFault(f'{name} is {number}', f'Give a finite number for {name}')
    return number


def flag(name: str, value: object, remedy: str = 'Give True or False') -> bool:
    """Raises SettingFault for anything but True and False."""
    if not isinstance(value, _BOOLS):
        raise SettingFault(f'{name} is {shown(value)}', remedy)
    return bool(value)


def one_of(name: str, value: object, *choices: str | None) -> None:
    """Raises SettingFault for anything but these texts, or None where it is one of them."""
    if not (None in choices if value is None else isinstance(value, str) and value in choices):
        *others, last = [f'"{choice}"' if choice is not None else 'None' for choice in choices]
        raise SettingFault(f'{name} is {shown(value)}', f'Give {", ".join(others)} or {last}')


def two_of(name: str, value: object, meaning: str) -> tuple[Any, Any]:
    """``value`` as a pair of anything.

    Args:
        meaning: of the two, such as '(height, width)'.

    Raises:
        SettingFault: it is none.
    """
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes) or len(value) != 2:
        raise SettingFault(f'{name} is {shown(value)}', f'Give {meaning}')
    first, second = value
    return first, second


def sides(name: str, value: object, meaning: str) -> tuple[int, int]:
    """``value`` as two whole numbers from 1 on; arguments and errors as of `two_of`."""
    first, second = (whole(f'each of {name}', side, least=1) for side in two_of(name, value, meaning))
    return first, second
