"""How far a download is, on stderr: a line that moves on a terminal, and two lines in a log."""

import sys
import time
from types import TracebackType

INTERVAL = 0.2
"""Seconds between two updates of the line."""


class Progress:
    """Counts bytes and says so.

    Args:
        what: is downloaded.
        done: bytes that were there before.
        total: bytes in the end; None where nobody knows.
    """

    def __init__(self, what: str, *, done: int, total: int | None) -> None:
        self.what, self.total = what, total
        self.done = self._before = done
        self._began = self._said = time.monotonic()
        self._moves = sys.stderr.isatty()
        print(f'{what}: {self._how_far()}{", going on" if done else ""}', file=sys.stderr, end=self._end(), flush=True)

    def advance(self, count: int) -> None:
        """That many more bytes have come."""
        self.done += count
        now = time.monotonic()
        if self._moves and now - self._said >= INTERVAL:
            self._said = now
            print(f'\r{self.what}: {self._how_far()}, {self._rate()}\x1b[K', file=sys.stderr, end='', flush=True)

    def __enter__(self) -> 'Progress':
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        start = '\r' if self._moves else ''
        state = f'{self._how_far()}, {self._rate()}' if error is None else f'stopped at {self._how_far()}'
        print(f'{start}{self.what}: {state}', file=sys.stderr, flush=True)

    def _end(self) -> str:
        return '' if self._moves else '\n'

    def _how_far(self) -> str:
        if self.total is None:
            return f'{self.done / 1e6:.1f} MB'
        share = f'{100 * self.done / self.total:.0f} % of ' if self.total else ''
        return f'{share}{self.total / 1e6:.1f} MB'

    def _rate(self) -> str:
        return f'{(self.done - self._before) / 1e6 / max(time.monotonic() - self._began, 1e-3):.1f} MB/s'
