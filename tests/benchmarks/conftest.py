"""Benchmarks are scripts beside the package; tests load them by name."""

import importlib
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def load_benchmark(repository, monkeypatch) -> Callable[[str], ModuleType]:
    """`load_benchmark('loss')` imports benchmarks/loss.py, which finds its siblings."""
    monkeypatch.syspath_prepend(repository / 'benchmarks')
    return importlib.import_module
