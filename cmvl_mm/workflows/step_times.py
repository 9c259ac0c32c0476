"""Times of the steps of a job over all its runs: a rerun that finds a step done does not change its time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmvl_mm.files.atomic import replace_text


class StepTimes:
    """Seconds of each step in a JSON file.

    A step's time includes all runs until its first success, also stopped and failed runs. A step with another command
    counts as another step, whose time starts from zero.

    Args:
        path: path of the file; a missing file counts as empty.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._steps: dict[str, dict] = json.loads(self._path.read_text()) if self._path.exists() else {}

    @contextmanager
    def step(self, name: str, command: str) -> Iterator[None]:
        """Time the block, unless this step with this command has succeeded before.

        Args:
            name: name of the step.
            command: command of the step with all its settings.
        """
        known = self._steps.get(name)
        if known is None or known['command'] != command:
            known = dict(command=command, seconds=0.0, done=False)
        if known['done']:
            yield
            return
        began, done = time.monotonic(), False
        try:
            yield
            done = True
        finally:
            self._steps[name] = dict(known, seconds=known['seconds'] + time.monotonic() - began, done=done)
            replace_text(self._path, json.dumps(self._steps, indent=1))

    @property
    def minutes(self) -> dict[str, float]:
        """Minutes of every step, in the order in which the steps first ended."""
        return {name: step['seconds'] / 60 for name, step in self._steps.items()}

    @property
    def total(self) -> float:
        """Minutes of all steps."""
        return sum(self.minutes.values())
