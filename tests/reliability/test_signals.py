"""The light version of the checks of signals."""

import signal

import pytest
from short_run import make_videos
from signals import of_one_process, to_one_rank


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp('signals') / 'set')


@pytest.mark.slow
def test_a_signal_ends_a_run_with_a_checkpoint(videos, tmp_path):
    finding = of_one_process(videos, tmp_path, signal.SIGTERM, workers=2)
    assert finding.held, finding.figure


@pytest.mark.slow
def test_a_signal_to_one_rank_stops_both(videos, tmp_path):
    finding = to_one_rank(videos, tmp_path, [signal.SIGTERM])
    assert finding.held, finding.figure
