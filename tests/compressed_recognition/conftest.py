"""A pan and a still picture as prepared videos, some falls, and the demo configs on videos that are at hand."""

import numpy as np
import pytest
from mmaction.registry import DATASETS, MODELS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.flow import FLOW_BLOCK, write_flow
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import reencode, write_video
from cmvl_mm.video.profile import PROFILES

FALLS = ('adl/Subject3_19', 'adl/Subject2_23', 'fall/Subject3_19', 'fall/Subject4_02')
SMALL = {
    'train_dataloader.dataset.pipeline.crop.size': 32,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'model.cls_head.dropout_ratio': 0.0,
    'optim_wrapper.optimizer.lr': 0.002,
}
"""A quarter of the pixels, and a rate at which few steps do."""


@pytest.fixture(scope='session')
def pan(tmp_path_factory):
    """4 px to the right and 2 px up a frame, 26 frames of 160x96 px; I-frames are 0, 12 and 24."""
    path = tmp_path_factory.mktemp('pan') / 'pan.mp4'
    write_video(make_pan(displacement=(4, -2), num_frames=26, height=96, width=160).frames, path)
    return path


@pytest.fixture(scope='session')
def still(tmp_path_factory):
    """One picture, 14 times; no noise, so no block is coded again."""
    path = tmp_path_factory.mktemp('still') / 'still.mp4'
    picture = make_pan(displacement=(0, 0), num_frames=1, height=96, width=160).frames
    write_video(np.repeat(picture, 14, axis=0), path, quantiser=8)
    return path


@pytest.fixture(scope='session')
def falls(shared, tmp_path_factory):
    """Two falls and two other scenes, prepared, with lists; their flow is made of vectors, as TV-L1 takes minutes."""
    root = tmp_path_factory.mktemp('falls')
    lines = []
    for name in FALLS:
        path = root / f'{name}.mp4'
        path.parent.mkdir(exist_ok=True)
        reencode(shared / f'data/falls_small/{name}.mp4', path, profile=PROFILES['small'])
        with CompressedVideo(path, block=FLOW_BLOCK) as video:
            write_flow(video, video.read(motion=range(video.num_frames)).motion.vectors)
        lines.append(f'{name}.mp4 {int(name.startswith("fall"))}\n')
    for name in ('train.txt', 'test.txt'):
        (root / name).write_text(''.join(lines))
    (root / 'classes.txt').write_text('adl\nfall\n')
    return root


@pytest.fixture(scope='session')
def without_checkpoints():
    """`without_checkpoints(model, size)`: a model's config without the files that it would read."""

    def forget(model, size):
        model.update({key: None for key in ('teacher', 'pretrained') if key in model})
        model.update({key: size for key in ('size',) if key in model})

    return forget


@pytest.fixture(scope='session')
def demo(repository, without_checkpoints):
    """`demo(name, data, videos)`: config, model and batch of a demo config, small."""

    def make(name, data, videos):
        path = repository / f'configs/compressed/demo/{name}.py'
        config = load_config(path, SMALL | {'data': str(data)})
        built = DATASETS.build(config.train_dataloader.dataset)
        batch = compressed_collate([built[SampleIndex(index, seed=3)] for index in range(videos)])
        without_checkpoints(config.model, 32)
        model = MODELS.build(config.model)
        model.init_weights()
        return config, model, batch

    return make
