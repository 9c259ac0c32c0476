"""Several processes on one machine, for what must not depend on the number of ranks."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `gloo_ranks`, `joined_batch`: for tests/reliability, too


@pytest.fixture
def run_ranks(tmp_path, monkeypatch, repository) -> Callable[..., list[Any]]:
    """`run_ranks(worker, *args)`: call `worker(rank, *args)` in two gloo processes, return what each returned."""
    import gloo_ranks

    monkeypatch.syspath_prepend(repository)  # the processes import the test module by its dotted name
    return lambda worker, *args: gloo_ranks.run_ranks(2, tmp_path, worker, *args)
