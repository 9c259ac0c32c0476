"""The benchmark of the loader runs at a tiny size; its limit decodes the frames that the sample reads."""

import json

import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo


@pytest.fixture
def loader(load_benchmark, monkeypatch):
    module = load_benchmark('loader')
    make_mpeg4 = module.make_mpeg4
    monkeypatch.setattr(module, 'make_mpeg4', lambda folder, count, num_frames: make_mpeg4(folder, 1, 84))
    return module


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')  # decord's and MMCV's own
def test_the_sample_is_timed_beside_its_limit(loader, tmp_path):
    loader.main(['--samples', '2', '--rounds', '1', '--json', str(tmp_path / 'out.json')])
    one, two = json.loads((tmp_path / 'out.json').read_text())['reports']
    assert (one['clock'], two['clock']) == ('cpu', 'wall')
    assert [timing['role'] for timing in one['timings'][:3]] == ['ours', 'ours', 'peer']
    assert 'colour left to the device' in one['timings'][1]['name']
    assert one['timings'][-1]['role'] == 'limit'


def test_the_limit_decodes_what_a_sample_reads(loader, tmp_path):
    videos = loader.make_mpeg4(tmp_path, 1, 84)
    data = loader.dataset(videos, tmp_path / 'list.txt')
    pick = loader.pick_frames(data, 3)
    sample = data[3]
    assert sample['inputs']['imgs'].shape == (3, len(pick.clip), 112, 112)
    assert set(pick.clip) <= set(pick.frames)
    assert np.all(np.diff(pick.frames) > 0)
    with CompressedVideo(videos[0]) as video:
        assert len(pick.stamps) == video.num_frames
    loader.decode_frames(pick.path, pick.frames, pick.stamps)
    with pytest.raises(AssertionError, match='missed'):
        loader.decode_frames(pick.path, pick.frames, pick.stamps + 1)
