"""What a check of a promise found: one row of RELIABILITY.md."""

from dataclasses import dataclass
from typing import Literal

Size = Literal['light', 'heavy']
"""Light: a few seconds, run by every `make test`. Heavy: the numbers that RELIABILITY.md quotes."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A promise, how it was put to the test, and what was seen."""

    promise: str
    """What users may count on, one sentence."""
    tested: str
    """How, with the numbers: files, kills, runs."""
    figure: str
    """What was seen, as it fell."""
    held: bool
    guard: str = ''
    """The test that fails in `make test` when the promise breaks, if it is not the light version of the topic."""
