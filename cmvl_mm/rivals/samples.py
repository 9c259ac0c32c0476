"""Helpers of the stages of all methods: room for the clips, their labels, and a stage that packs both."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.packing import PackSample
from cmvl_mm.datasets.sampling import VideoTooShort


def require_room(num_frames: int, span: int, method: str) -> None:
    """Exclude videos that are shorter than a method's span: no index is wrapped, no frame repeated.

    Raises:
        VideoTooShort: the video has fewer frames than `span`.
    """
    if num_frames < span:
        raise VideoTooShort(f'the video has {num_frames} frames, but {method} needs {span}')


def consecutive_starts(start: int, count: int, clip_len: int, frame_interval: int, gap: int) -> np.ndarray:
    """(count,) starts of successive clips, with a gap of `gap` frames between them.

    Each clip takes `clip_len * frame_interval` frames of the video: 3 clips of 16 x 1 with a gap of 8 span 64.
    """
    return start + np.arange(count) * (clip_len * frame_interval + gap)


def consecutive_span(count: int, clip_len: int, frame_interval: int, gap: int) -> int:
    """Frames from the first to the last of such clips, both included: 64 for 3 of 16 x 1 with a gap of 8."""
    return (count - 1) * (clip_len * frame_interval + gap) + (clip_len - 1) * frame_interval + 1


def take(sample: Sample, clips: np.ndarray, labels: Mapping[str, Any] | None = None) -> Sample:
    """Add clips (K, T) of frame indices and the labels of the pretext task; `PackPretext` passes them to the head."""
    sample['clip_frames'] = np.asarray(clips, dtype=np.int64)
    sample['pretext'] = {name: np.asarray(value) for name, value in (labels or {}).items()}
    return sample


@TRANSFORMS.register_module()
class PackPretext(PackSample):
    """`PackSample` for all clips of a video, and the labels of the pretext task in `data_samples.pretext`.

    A sample gives imgs (K, 3, T, H, W); the data sample holds arrays by name, the same names in all samples.
    """

    def __init__(self) -> None:
        super().__init__(clips='many')

    def __call__(self, sample: Sample) -> Sample:
        packed = super().__call__(sample)
        packed['data_samples'].set_metainfo(dict(pretext=sample.get('pretext', {})))
        return packed
