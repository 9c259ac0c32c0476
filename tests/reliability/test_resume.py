"""The light version of the checks of resuming; one process is in tests/engine/test_resume.py."""

import pytest
from resume import at_once, same_bits
from short_run import make_videos


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp('resume') / 'set')


@pytest.mark.slow
def test_a_resumed_run_equals_the_unbroken_one(videos, tmp_path):
    finding = same_bits(videos, tmp_path, 2, 'light')
    assert finding.held, finding.figure


@pytest.mark.slow
def test_resuming_late_reads_one_batch(videos, tmp_path):
    finding = at_once(videos, tmp_path, 'light')
    assert finding.held, finding.figure
