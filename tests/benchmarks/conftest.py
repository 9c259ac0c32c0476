"""Benchmarks are scripts: loaded as one runs them, with their folder on the path."""

import importlib

import pytest


@pytest.fixture
def load_benchmark(repository, monkeypatch):
    """The benchmark of that name, as a module."""
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))
    return importlib.import_module
