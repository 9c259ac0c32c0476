"""Progress of long work with the time left: a bar on a terminal, otherwise a line every 30 seconds."""

import sys
import time
from typing import Any, Protocol

from tqdm import tqdm

_SECONDS = 30  # between two lines


class Progress(Protocol):
    """The methods that a bar and lines have in common."""

    def update(self) -> object:
        """Count one more finished item."""

    def set_postfix(self, *, refresh: bool, **shown: str) -> object:
        """Set the figures shown after the count."""

    def close(self) -> object:
        """End the display: the work is finished or stopped."""


class ProgressLines:
    """Progress where the screen is not a terminal: a line every 30 seconds and one at the end."""

    def __init__(self, total: int, initial: int, desc: str, unit: str) -> None:
        self.total, self.initial, self.done, self.desc, self.unit = total, initial, initial, desc, unit
        self.begin = self.shown = time.monotonic()
        self.figures = ''

    def update(self) -> None:
        """Count one more finished item."""
        self.done += 1
        if time.monotonic() - self.shown >= _SECONDS:
            self._show()

    def set_postfix(self, *, refresh: bool, **shown: str) -> None:
        """Set the figures shown after the count."""
        self.figures = ''.join(f', {name} {value}' for name, value in shown.items())

    def close(self) -> None:
        """Write the last line."""
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
    """Show a bar or lines on standard error.

    Args:
        total: number of items.
        desc: name of the work.
        unit: name of an item.
        initial: number of items that an earlier run has finished.
    """
    if not sys.stderr.isatty():
        return ProgressLines(total, initial, desc, unit)
    bar: Any = tqdm(total=total, initial=initial, desc=desc, unit=unit)
    return bar
