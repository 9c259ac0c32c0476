"""A pan and a still picture as prepared videos, and the demo configs with the controlled videos' motions as labels."""

import numpy as np
import pytest
from mmaction.registry import DATASETS, MODELS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.video.encode import write_video


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
def demo(controlled_set, repository):
    """`demo(name)`: config, model and a batch of a demo config on the controlled videos, 8 classes of motion."""

    def make(name, videos=8, **options):
        config = load_config(repository / f'configs/compressed/demo/{name}.py')
        dataset = config.train_dataloader.dataset
        dataset.update(ann_file=str(controlled_set / 'train.txt'), data_prefix=dict(video=str(controlled_set)))
        built = DATASETS.build(dataset)
        batch = compressed_collate([built[SampleIndex(index, seed=3)] for index in range(videos)])
        config.model.cls_head.update(num_classes=8, dropout_ratio=0.0)
        config.model.update(options)
        model = MODELS.build(config.model)
        model.init_weights()
        return config, model, batch

    return make
