"""How far long work is, with the time left: a bar on a terminal, else a line now and then."""

import sys
import time
from typing import Any, Protocol

from tqdm import tqdm

_SECONDS = 30  # from line to line


class Progress(Protocol):
    """What a bar and lines have in common."""

    def update(self) -> object:
        """One more is done."""

    def set_postfix(self, *, refresh: bool, **shown: str) -> object:
        """Figures behind the count."""

    def close(self) -> object:
        """The work is done, or stopped."""


class ProgressLines:
    """Where the screen is no terminal: a line every 30 seconds, and one at the end."""

    def __init__(self, total: int, initial: int, desc: str, unit: str) -> None:
        self.total, self.initial, self.done, self.desc, self.unit = total, initial, initial, desc, unit
        self.begin = self.shown = time.monotonic()
        self.figures = ''

    def update(self) -> None:
        """One more is done."""
        self.done += 1
        if time.monotonic() - self.shown >= _SECONDS:
            self._show()

    def set_postfix(self, *, refresh: bool, **shown: str) -> None:
        """Figures behind the count."""
        self.figures = ''.join(f', {name} {value}' for name, value in shown.items())

    def close(self) -> None:
        """The last line."""
        self._show()

    def _show(self) -> None:
        self.shown = time.monotonic()
        passed = self.shown - self.begin
        left = (self.total - self.done) * passed / max(self.done - self.initial, 1)
        print(
            f'{self.desc}: {self.done}/{self.total} {self.unit}, {tqdm.format_interval(passed)} passed, '
            f'{tqdm.format_interval(left)} left{self.figures}',
            file=sys.stderr,
            flush=True,
        )


def progress(total: int, desc: str, unit: str, initial: int = 0) -> Progress:
    """A bar or lines on standard error.

    Args:
        total: how much there is to do.
        desc: what is being done.
        unit: what is counted.
        initial: how much a run before has done.
    """
    if not sys.stderr.isatty():
        return ProgressLines(total, initial, desc, unit)
    bar: Any = tqdm(total=total, initial=initial, desc=desc, unit=unit)
    return bar
