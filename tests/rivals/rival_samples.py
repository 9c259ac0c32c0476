"""Videos whose pixels say which frame and which place they are, samples of them, and networks without weights."""

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.feature_maps import Features
from cmvl_mm.video import Frames, MotionField

HEIGHT, WIDTH = 64, 80


class CodedVideo:
    """Red is the frame's number, green the column, blue the row; vectors are 4 px in the frames of `moving`, else 0."""

    height, width = HEIGHT, WIDTH
    keyframes = np.arange(0, 400, 12)

    def __init__(self, num_frames=200, moving=range(0)):
        self.num_frames, self.moving = num_frames, moving

    def read(self, rgb=(), motion=()):
        frames = np.empty((len(rgb), HEIGHT, WIDTH, 3), np.uint8)
        frames[..., 0] = np.asarray(rgb, dtype=np.uint8)[:, None, None]
        frames[..., 1] = 2 * np.arange(WIDTH)
        frames[..., 2] = 2 * np.arange(HEIGHT)[:, None]
        vectors = np.zeros((len(motion), 8, 10, 2), np.int16)
        vectors[[number in self.moving for number in motion]] = 16
        return Frames(frames, MotionField(vectors, np.ones(vectors.shape[:3], bool), 8))


def drawn(stage, seed, video=None, **more):
    """What a registered first stage makes of a video."""
    sample = dict(video=video or CodedVideo(), rng=np.random.default_rng(seed), label=0, path='a', **more)
    return TRANSFORMS.build(stage)(sample)


def packed(stage, seed, *others, video=None):
    """The sample of a first stage, through the others, as it goes to a batch."""
    sample = drawn(stage, seed, video)
    return Compose([TRANSFORMS.build(dict(type='ReadCompressed')), *map(TRANSFORMS.build, others)])(sample)


def plain_crop(**changes):
    """A crop of the whole height, at the pictures' own scale."""
    return dict(type='CropFlipEach', size=64, area=(0.8, 0.8), aspect=(1.0, 1.0), flip_prob=0.0, **changes)


def pooling_network(channels=3, grid=2):
    """A network without weights: the mean colours of a clip, with a map of `grid` x `grid` places in two times."""

    def network(clips):
        maps = torch.nn.functional.adaptive_avg_pool3d(clips, (2, grid, grid))
        return Features((maps[:, :channels],), None, maps, 'test')

    return network


def narrow(model, channels=128):
    """A backbone of a sixteenth of the width (a quarter at evidence size), and a head that fits it."""
    factor, head = model.backbone.width // 4, model.pretext_head
    model.backbone.width = 4
    if isinstance(head.in_channels, (list, tuple)):
        head.in_channels = tuple(value // factor for value in head.in_channels)
    else:
        assert head.in_channels == channels
        head.in_channels = channels // factor
    if 'fast_network' in head:
        head.fast_network.width = 4
