"""A traced sample is the data set's own, and its frames are those that its vectors belong to."""

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS

from cmvl_mm.datasets.geometry import Box, crop_resize
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import CompressedVideo
from cmvl_mm.visualization.traced import traced_sample


@pytest.mark.parametrize('index', [0, 3])
def test_a_traced_sample_knows_its_frames(repository, controlled_set, index):
    arguments = load_config(repository / 'configs/demo/pretrain.py').train_dataloader.dataset
    arguments.ann_file, arguments.data_prefix.video = str(controlled_set / 'train.txt'), str(controlled_set)
    dataset = DATASETS.build(arguments)
    sample, plain = traced_sample(dataset, SampleIndex(index)), dataset[SampleIndex(index)]
    assert all(torch.equal(sample.packed['inputs'][name], tensor) for name, tensor in plain['inputs'].items())
    assert len(sample.windows) == 4
    boxes, flips = (plain['inputs'][name].tolist() for name in ('motion_box', 'motion_flip'))
    assert [window.mirrored for window in sample.windows] == flips
    assert sample.clip_mirrored == flips[0]  # of the positive
    assert sample.windows[0].numbers[0] > sample.clip[-1]
    with CompressedVideo(controlled_set / sample.path) as video:
        assert sample.iframe in video.keyframes
        for window, box, flip in zip(sample.windows, boxes, flips, strict=True):
            frames = video.read(rgb=window.numbers, motion=[]).rgb
            np.testing.assert_array_equal(window.frames, crop_resize(frames, Box(*box), flip, 160))
