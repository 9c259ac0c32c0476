"""Fresh videos are no video of the level, with the right labels, in lists that the suite reads like a split's."""

import fresh_videos
import pytest
import rows
import run

from cmvl_mm.datasets.annotation import read_list


@pytest.fixture
def level(work, monkeypatch):
    """Level basic with one test video of every pair, by its own seed."""
    monkeypatch.setattr(fresh_videos, 'FOLDER', work / 'basic/fresh')
    monkeypatch.setattr(fresh_videos, 'VIDEOS', 1)
    command = ['tools/make_benchmark.py', work / 'basic', '--level', 'basic', '--seed', 1, '--train', 0, '--val', 0]
    run.run('make', [*command, '--test', 1])
    return work / 'basic'


def test_lists_name_videos_of_another_seed(level):
    fresh_videos.make_fresh()
    lists = {
        kind: read_list(rows.annotations('basic', 'fresh', kind), 'required') for kind in ('context', 'motion', 'joint')
    }
    assert len(lists['joint']) == 64
    assert {entry.path for entry in lists['joint']} == {
        f'fresh/videos/{path.name}' for path in (level / 'fresh/videos').iterdir()
    }
    own = {path.read_bytes() for path in (level / 'videos').iterdir()}
    assert len(own) == 64
    assert not own & {(level / entry.path).read_bytes() for entry in lists['joint']}
    by_path = {kind: {entry.path: entry.label for entry in entries} for kind, entries in lists.items()}
    assert by_path['joint'] == {
        path: 8 * by_path['context'][path] + by_path['motion'][path] for path in by_path['joint']
    }
    before = rows.annotations('basic', 'fresh', 'joint').read_text()
    fresh_videos.make_fresh()  # a second time: the same
    assert rows.annotations('basic', 'fresh', 'joint').read_text() == before
