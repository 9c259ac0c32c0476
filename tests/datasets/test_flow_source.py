"""ReadCompressed(motion='flow'): the stored flow takes the vectors' place, and pixels stay with it."""

import shutil

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS, TRANSFORMS
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.flow import write_flow
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config, merge_options
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.encode import write_video


def made_up_flow(video: CompressedVideo) -> np.ndarray:
    """(n, Hb, Wb, 2): dx tells the frame, dy the block."""
    rows, columns = -(-video.height // 4), -(-video.width // 4)
    flow = np.empty((video.num_frames, rows, columns, 2), np.int16)
    flow[..., 0] = np.arange(video.num_frames)[:, None, None]
    flow[..., 1] = np.arange(rows * columns).reshape(rows, columns)
    flow[0] = 0
    return flow


@pytest.fixture
def flow_set(controlled_set, tmp_path):
    """The controlled training videos with a flow file each."""
    (tmp_path / 'videos').mkdir()
    for path in sorted((controlled_set / 'videos').glob('train*.mp4')):
        shutil.copy(path, tmp_path / 'videos')
        with CompressedVideo(tmp_path / 'videos' / path.name) as video:
            write_flow(video, made_up_flow(video))
    shutil.copy(controlled_set / 'train.txt', tmp_path)
    return tmp_path


@pytest.fixture
def build(repository, flow_set):
    def build_dataset(**changes):
        config = load_config(repository / 'configs/demo/table4_optical_flow.py')
        arguments = Config(config.train_dataloader.dataset)
        merge_options(
            arguments,
            dict(ann_file=str(flow_set / 'train.txt'), data_prefix=dict(video=str(flow_set))) | changes,
        )
        return DATASETS.build(arguments.to_dict())

    return build_dataset


def test_the_windows_are_those_of_the_vectors_and_the_rest_is_the_same(build):
    """Nothing but the source of motion differs from the sample with vectors."""
    with_flow = build()[SampleIndex(3, epoch=1, seed=7)]['inputs']
    dataset = build(**{'pipeline.read.motion': 'vectors'})
    with_vectors = dataset[SampleIndex(3, epoch=1, seed=7)]['inputs']
    for name in ('imgs', 'iframe', 'motion_box', 'motion_flip'):
        assert torch.equal(with_flow[name], with_vectors[name])
    assert with_flow['motion_block'] == 4
    assert with_vectors['motion_block'] == 16
    assert with_flow['motion'].shape == (4, 8, 28, 32, 2)  # 112 x 128 px
    assert with_flow['motion'].dtype == torch.int16

    with CompressedVideo(dataset.root + '/videos/train3.mp4') as video:
        chosen = stage_of(dataset.pipeline.transforms, 'sample')(
            dict(video=video, rng=SampleIndex(3, epoch=1, seed=7).generator())
        )
    frames = with_flow['motion'][:, :, 5, 5, 0]  # made_up_flow says which frame it is
    assert frames.tolist() == chosen['motion_frames'].tolist()


def test_videos_without_sound_flow_are_replaced_and_reported(build, flow_set):
    (flow_set / 'videos' / 'train2.flow.npz').unlink()
    cut = flow_set / 'videos' / 'train5.flow.npz'
    cut.write_bytes(cut.read_bytes()[:2000])
    dataset = build()
    for number in (2, 5):
        sample = dataset[number]
        first = sample['data_samples'].skipped[0]
        assert first.path == f'videos/train{number}.mp4'
        assert first.kind == 'broken'
        assert f'train{number}.flow.npz: motion: ' in first.reason
        assert 'cmvl prepare --flow' in first.reason
        assert sample['data_samples'].path not in ('videos/train2.mp4', 'videos/train5.mp4')
    assert dataset[3]['data_samples'].skipped == []
    with pytest.raises(VideoError, match=r'train2\.flow\.npz'):
        build(on_error='raise')[2]


@pytest.mark.parametrize('flip', [False, True])
def test_bright_square_and_its_flow_stay_together(tmp_path, flip):
    """From the two files to the preprocessor's maps: random crops, flip, and a square of 16 px that alone moves."""
    frames = np.zeros((80, 120, 150, 3), np.uint8)  # no multiple of 16 along x
    frames[:, 36:52, 60:76] = 255
    write_video(frames, tmp_path / 'square.mp4', quantiser=1)
    flow = np.zeros((80, 30, 38, 2), np.int16)
    flow[1:, 9:13, 15:19] = 20, -12  # 5 px right, 3 px up
    with CompressedVideo(tmp_path / 'square.mp4', block=16) as video:
        write_flow(video, flow)
        stages = [
            TRANSFORMS.build(stage)
            for stage in (
                dict(type='SamplePretraining', iframe='none'),
                dict(type='ReadCompressed', motion='flow'),
                dict(type='RandomCropFlip', size=112, area=(0.4, 1.0), flip_prob=float(flip)),
                dict(type='PackSample'),
            )
        ]
        samples = []
        for index in range(6):
            sample = dict(video=video, rng=SampleIndex(index).generator(), path='', label=None)
            for stage in stages:
                sample = stage(sample)
            samples.append(sample)
    batch = MODELS.build(dict(type='CompressedVideoPreprocessor', motion_size=112))(compressed_collate(samples))
    for sample, maps in zip(samples, batch['inputs']['motion'], strict=True):
        picture = sample['inputs']['imgs'][0, 0] > 128
        dx, dy = maps[0, :, 0] * 10  # window 0 shares the clip's crop; px per frame
        assert ((dy < -1.5) ^ picture).sum() <= 0.1 * picture.sum() + 12  # edges only
        assert dx.abs().max() == pytest.approx(5)
        assert (dx.sum() < 0) == flip


def test_another_source_is_refused():
    with pytest.raises(ValueError, match=r"motion='depth' is not one of 'vectors', 'flow'"):
        TRANSFORMS.build(dict(type='ReadCompressed', motion='depth'))
