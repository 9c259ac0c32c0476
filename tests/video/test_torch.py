"""Records as tensors share their memory, and data sets give every item once, whoever shares the work."""

import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, get_worker_info
from video_files import damage, encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import (
    CompressedVideo,
    SettingError,
    VideoError,
    patch_energy,
    read_accumulated,
    read_accumulated_residual,
    read_layout,
    read_quantisers,
    read_residuals,
)
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.torch import GopDataset, SkippedVideoWarning, VideoDataset, as_tensors

LENGTHS = (30, 5, 26, 12, 1)  # frames; a group of pictures has 12


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    paths = [folder / f'{number}.mp4' for number in range(len(LENGTHS))]
    for number, (path, length) in enumerate(zip(paths, LENGTHS, strict=True)):
        write_video(make_pan(displacement=(3, 1), num_frames=length, height=36, width=52, seed=number).frames, path)
    return paths


@pytest.mark.parametrize(
    ('code', 'last'),
    [
        ('import cmvl_mm.video', ''),
        (
            'import cmvl_mm.video.torch',
            'ModuleNotFoundError: cmvl_mm.video.torch needs torch, which is not installed. '
            "Remedy: pip install 'cmvl_mm[train]', or torch alone.",
        ),
    ],
)
def test_the_reader_needs_no_torch_and_this_part_says_so(code, last):
    done = subprocess.run(
        [sys.executable, '-c', f'import sys; sys.modules["torch"] = None; {code}'], capture_output=True, text=True
    )
    assert done.stderr.strip().rpartition('\n')[2] == last
    assert done.returncode == bool(last)


def leaves(record, tensors):
    """Each array of a record with its tensor, in the same place."""
    for name, value in vars(record).items():
        if isinstance(value, np.ndarray):
            yield name, value, tensors[name]
        elif hasattr(value, '__dataclass_fields__'):
            yield from leaves(value, tensors[name])


def test_tensors_share_the_memory_of_their_record(videos):
    with CompressedVideo(videos[0]) as video:
        (batch,) = video.iterate(rgb=True, motion=True, residual=True, directions='both')
        records = [
            video.read(rgb=[1, 2], motion=range(30), directions='both'),
            batch,
            read_residuals(video, [3, 4], bits=8),
            read_accumulated(video, [3, 4]),
            read_accumulated_residual(video, [5]),
            read_layout(video),
            read_quantisers(video, [3]),
            patch_energy(batch.residual, height=36, width=52, patch=16),
        ]
    counts = []
    for record in records:
        last, first = (as_tensors(record, channels=channels) for channels in ('last', 'first'))
        found = [*zip(leaves(record, last), leaves(record, first), strict=True)]
        counts.append(len(found))
        for (name, array, plain), (_, _, moved) in found:
            assert plain.data_ptr() == moved.data_ptr() == array.ctypes.data
            np.testing.assert_array_equal(plain.numpy(), array)
            has_channels = name in ('rgb', 'vectors')
            assert moved.shape == (plain.movedim(-1, 1) if has_channels else plain).shape
            assert (name != 'valid') or plain.dtype == torch.bool
    assert counts == [5, 12, 5, 3, 4, 2, 2, 4]
    tensors = as_tensors(batch, channels='first')
    assert tensors['rgb'].shape == (30, 3, 36, 52)
    assert tensors['motion']['vectors'].shape == (30, 2, 3, 4)
    assert tensors['motion']['block'] == 16
    assert tensors['motion']['distance'].tolist() == [distance or 0 for distance in batch.motion.distance]
    assert tensors['motion']['distance_valid'].tolist() == [number % 12 > 0 for number in range(30)]
    assert tensors['residual']['exact'] is True
    assert as_tensors(records[5])['types'] == 'IPPPPPPPPPPP' * 2 + 'IPPPPP'
    with pytest.raises(TypeError, match='dict is not a record'):
        as_tensors(tensors)
    with pytest.raises(ValueError, match="channels is 'middle'"):
        as_tensors(batch, channels='middle')


class Told(VideoDataset):
    """Items name the worker that made them."""

    def __iter__(self):
        for item in super().__iter__():
            yield item | dict(worker=get_worker_info().id)


def test_workers_and_ranks_share_the_videos_and_see_the_epoch(videos):
    everything = Counter((number, index) for number, length in enumerate(LENGTHS) for index in range(length))
    orders, loaders = [], []
    for rank in (0, 1):
        dataset = Told(videos, motion=True, items='frames', batch=7, shuffle=True, seed=3, rank=rank, world_size=2)
        loaders.append((dataset, DataLoader(dataset, 5, num_workers=2, persistent_workers=True)))
    for epoch in (0, 1, 0):
        items = []
        for rank, (dataset, loader) in enumerate(loaders):
            dataset.set_epoch(epoch)
            for batch in loader:
                assert batch['motion']['valid'].shape[1:] == (3, 4)
                keys = zip(batch['video'].tolist(), batch['index'].tolist(), batch['worker'].tolist(), strict=True)
                items += [(*key, rank) for key in keys]
        assert Counter(item[:2] for item in items) == everything
        assert len({item[2:] for item in items}) == 4  # two workers on each of two ranks
        orders.append(items)
    assert orders[0] == orders[2]
    assert orders[0] != orders[1]


def test_batches_are_those_of_iterate(videos):
    dataset = VideoDataset(videos, rgb='keyframes', motion=True, residual=True, step=2, batch=4, channels='first')
    items = list(DataLoader(dataset, batch_size=None))
    assert [item['video'] for item in items] == [0] * 4 + [1] + [2] * 4 + [3] * 2 + [4]
    assert items[0]['path'] == str(videos[0])
    with CompressedVideo(videos[2]) as video:
        expected = list(video.iterate(rgb='keyframes', motion=True, residual=True, step=2, batch=4))
        for batch, item in zip(expected, items[5:9], strict=True):
            np.testing.assert_array_equal(item['rgb'].movedim(1, -1), batch.rgb)
            np.testing.assert_array_equal(item['rgb_indices'], batch.rgb_indices)
            np.testing.assert_array_equal(item['motion']['vectors'].movedim(1, -1), batch.motion.vectors)
            np.testing.assert_array_equal(item['residual']['y'], batch.residual.y)
            np.testing.assert_array_equal(item['seconds'], video.timestamps[batch.indices])


@pytest.mark.parametrize('split', ['videos', 'gops'])
def test_groups_of_pictures_are_those_of_read(videos, split):
    settings = dict(residual=True, split=split, shuffle=True, interleave=2)
    items = [item for rank in range(3) for item in GopDataset(videos, **settings, seed=1, rank=rank, world_size=3)]
    groups = Counter((item['video'], *item['indices'].tolist()) for item in items)
    assert groups == Counter(
        (number, *range(first, min(first + 12, length)))
        for number, length in enumerate(LENGTHS)
        for first in range(0, length, 12)
    )
    counts = [len([*GopDataset(videos, **settings, rank=rank, world_size=3)]) for rank in range(3)]
    assert sum(counts) == 9
    assert split == 'videos' or max(counts) < 5, 'the first groups do not all go to one process'
    for item in items:
        indices = item['indices'].numpy()
        with CompressedVideo(videos[item['video']]) as video:
            rgb, motion = video.read(rgb=indices[:1], motion=indices)
            residual = read_residuals(video, indices)
            np.testing.assert_array_equal(item['seconds'], video.timestamps[indices])
        np.testing.assert_array_equal(item['iframe'], rgb[0])
        np.testing.assert_array_equal(item['motion']['vectors'], motion.vectors)
        np.testing.assert_array_equal(item['motion']['valid'], motion.valid)
        np.testing.assert_array_equal(item['residual']['y'], residual.y)
        np.testing.assert_array_equal(item['residual']['motion']['valid'], residual.predicted)


def test_order_follows_seed_and_epoch_and_videos_take_turns(videos):
    def order(epoch=0, **settings):
        dataset = GopDataset(videos, **settings)
        dataset.set_epoch(epoch)
        return [(item['video'], int(item['indices'][0])) for item in dataset]

    plain = order()
    assert plain == sorted(plain)
    assert order(interleave=3)[:7] == [(0, 0), (1, 0), (2, 0), (0, 12), (2, 12), (0, 24), (3, 0)]
    mixed = order(shuffle=True)
    assert sorted(mixed) == plain
    assert mixed == order(shuffle=True)
    assert len({tuple(order(epoch, shuffle=True, seed=seed)) for epoch in (0, 1) for seed in (0, 1)}) == 4


def test_torch_distributed_tells_the_rank_also_to_workers_that_are_spawned(videos, monkeypatch):
    def numbers(dataset):
        return [item['video'] for item in dataset]

    dataset = VideoDataset(videos, motion=True)
    before = pickle.loads(pickle.dumps(dataset))
    with monkeypatch.context() as patch:
        patch.setattr('torch.distributed.is_initialized', lambda: True)
        patch.setattr('torch.distributed.get_rank', lambda: 1)
        patch.setattr('torch.distributed.get_world_size', lambda: 2)
        assert numbers(dataset) == numbers(before) == [1, 3]
        sent = pickle.dumps(dataset)
        assert numbers(VideoDataset(videos, motion=True, rank=0, world_size=1)) == [0, 1, 2, 3, 4]
    assert numbers(pickle.loads(sent)) == [1, 3]
    assert numbers(dataset) == [0, 1, 2, 3, 4]


def test_a_video_that_cannot_be_read_raises_or_is_named_and_skipped(videos, tmp_path):
    broken = damage(videos[0], tmp_path / 'broken.mp4', frame=17)
    several = [b'no video', broken, videos[3]]
    with pytest.raises(VideoError, match='<bytes>: open'):
        next(iter(VideoDataset(several, rgb=True)))
    with pytest.warns(SkippedVideoWarning) as told:
        items = list(VideoDataset(several, rgb=True, batch=8, on_error='skip'))
    assert [(item['video'], len(item['rgb'])) for item in items] == [(1, 8), (1, 8), (2, 8), (2, 4)]
    first, second = [str(warning.message) for warning in told]
    assert first.startswith('<bytes> is left out: <bytes>: open: ')
    assert second.startswith(f'the rest of {broken} is left out after 2 items: {broken}: decode: frame 17')
    frames = make_pan(displacement=(3, 1), num_frames=3, height=36, width=52).frames
    plain = encode_clip(tmp_path / 'plain.mp4', frames, 'libx264', {})
    with pytest.raises(SettingError, match=r'block is 7\. Open the video with an even block'):  # no fault of the video
        list(VideoDataset([plain], residual=True, block=7, on_error='skip'))


@pytest.mark.parametrize(
    ('settings', 'text'),
    [
        ({'rank': 2, 'world_size': 2}, 'rank is 2. Give rank from 0 to 1.'),
        ({'rank': 0}, 'rank is 0 and world_size None. Give both'),
        ({'items': 'frames', 'rgb': 'keyframes'}, 'items is "frames" and rgb "keyframes": most frames would lack'),
        ({'rgb': False}, 'nothing is requested. Give rgb=True'),
    ],
)
def test_settings_that_cannot_be_are_one_error(settings, text):
    with pytest.raises(ValueError, match=text):
        VideoDataset(['a.mp4'], **({'rgb': True} | settings))


@pytest.mark.parametrize('dataset', [VideoDataset, GopDataset])
@pytest.mark.parametrize(
    ('videos', 'text'),
    [
        ('a.mp4', 'videos is one str. Give a list, even for one video.'),
        (b'abc', 'videos is one bytes. Give'),
        (Path('a.mp4'), 'videos is one PosixPath. Give'),
        ([], 'videos is an empty list. Give at least one path.'),
    ],
)
def test_videos_are_a_list_that_is_not_empty(dataset, videos, text):
    with pytest.raises(ValueError, match=text):
        dataset(videos)
