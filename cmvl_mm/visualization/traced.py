"""A training sample with data that its packed form lacks: frame numbers, mirroring, and frames under the motion."""

from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.geometry import Box, crop_resize
from cmvl_mm.datasets.sample_index import SampleIndex

_SIZE = 160  # pixels of the frames under the arrows


class Window(NamedTuple):
    """One window of motion, the positive or a hard negative."""

    numbers: np.ndarray
    """(M,) frame numbers."""
    frames: np.ndarray
    """(M, S, S, 3) uint8: its frames with the crop and mirroring of its vectors, in original colours."""
    mirrored: bool


class TracedSample(NamedTuple):
    """A packed sample and its origin."""

    packed: dict[str, Any]
    """The sample that the data set returns."""
    path: str
    label: int | None
    clip: np.ndarray
    """(T,) frame numbers."""
    clip_mirrored: bool
    iframe: int | None
    iframe_mirrored: bool
    windows: tuple[Window, ...]
    """K windows; empty without motion."""


def traced_sample(dataset: CompressedVideoDataset, index: SampleIndex) -> TracedSample:
    """A sample exactly as the data set gives it, with its origin; the data set is not changed.

    Args:
        dataset: data set of a `train_dataloader`; its pipeline ends with the packing stage.
        index: index of the sample.

    Raises:
        IndexError, VideoError: raised by the data set.
    """
    seen: list[TracedSample] = []

    def look(sample: dict[str, Any]) -> dict[str, Any]:
        seen[:] = [_traced(sample)]
        return sample

    stages = dataset.pipeline.transforms
    stages.insert(len(stages) - 1, look)
    try:
        packed = dataset[index]
    finally:
        stages.remove(look)
    return seen[0]._replace(packed=packed)


def _traced(sample: dict[str, Any]) -> TracedSample:
    crops: list[tuple[Box, bool]] = sample['crops']
    numbers, windows = sample.get('motion_frames', np.empty((0, 0), np.int64)), []
    if len(numbers):
        frames = sample['video'].read(rgb=numbers.reshape(-1), motion=[]).rgb
        frames = frames.reshape(*numbers.shape, *frames.shape[1:])
        for window, own, box, flip in zip(numbers, frames, sample['motion_box'], sample['motion_flip'], strict=True):
            windows.append(Window(window, crop_resize(own, Box(*box.tolist()), bool(flip), _SIZE), bool(flip)))
    return TracedSample(
        packed={},
        path=sample['path'],
        label=sample['label'],
        clip=np.asarray(sample['clip_frames']).reshape(-1),
        clip_mirrored=crops[0][1],
        iframe=sample.get('iframe_frame'),
        iframe_mirrored=crops[-1][1],
        windows=tuple(windows),
    )


def pictures_of(inputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """`imgs` (T, H, W, 3) and, if present, `iframe` (H, W, 3), uint8, of one sample's inputs."""
    pictures = dict(imgs=inputs['imgs'].permute(1, 2, 3, 0).numpy())
    if 'iframe' in inputs:
        pictures['iframe'] = inputs['iframe'].permute(1, 2, 0).numpy()
    return pictures
