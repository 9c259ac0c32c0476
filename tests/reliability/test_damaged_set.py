"""The light version of damaged_set.py."""

import pytest
from damaged_set import findings


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_promises():
    broken = [finding for finding in findings('light') if not finding.held]
    assert not broken, broken
