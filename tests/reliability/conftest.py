"""The checks are modules of this folder, imported as `run_all.py` does."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def ends_what_it_starts():
    """No process that a test has started outlives it."""
    from started import ending_what_it_starts

    with ending_what_it_starts():
        yield
