"""`shrunk` is a module of this folder, imported by its tests."""

import sys
from pathlib import Path

import pytest
from mmengine.registry import DefaultScope

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _scope():
    """MMAction2's recognizers build their parts by it, as a runner's do."""
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield
