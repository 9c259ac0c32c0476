"""The light version of the checks of saving."""

import pytest
from interrupted_save import failing_disks, killed_in_saves


@pytest.mark.slow
def test_kills_inside_a_save(tmp_path):
    finding = killed_in_saves(tmp_path / 'killed', kills=4, megabytes=8)
    assert finding.held, finding.figure


@pytest.mark.slow
def test_a_full_disk_and_a_read_only_one(tmp_path):
    for finding in failing_disks(tmp_path):
        assert finding.held, finding.figure
