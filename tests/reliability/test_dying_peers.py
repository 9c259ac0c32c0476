"""The light version of the checks of killed workers and ranks."""

import pytest
from dying_peers import killed_ranks, killed_workers
from short_run import make_videos


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp('dying') / 'set')


@pytest.mark.slow
def test_a_killed_worker_is_named_with_its_video(videos, tmp_path):
    finding = killed_workers(videos, tmp_path, runs=1)
    assert finding.held, finding.figure


@pytest.mark.slow
def test_a_killed_rank_is_replaced(videos, tmp_path):
    finding = killed_ranks(videos, tmp_path, ranks=2, runs=1)
    assert finding.held, finding.figure
