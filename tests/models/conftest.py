"""Several processes on one machine, for what must not depend on the number of ranks."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `joined_batch` is imported by tests here and of tests/reliability


@pytest.fixture
def run_ranks(tmp_path, monkeypatch, repository) -> Callable[..., list[Any]]:
    """`run_ranks(worker, *args)`: call `worker(rank, *args)` in two gloo processes, return what each returned."""
    import joined_batch

    monkeypatch.syspath_prepend(repository)  # the processes import the test module by its dotted name
    return lambda worker, *args: joined_batch.run_ranks(2, tmp_path, worker, *args)
