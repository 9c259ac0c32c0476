"""The peers of `loader.py`: a stock MMAction2 pipeline, and torchcodec if it can be imported."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import decord
import numpy as np
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose
from side_by_side import Route

from cmvl_mm.video import CompressedVideo

try:
    from torchcodec.decoders import VideoDecoder
except (ImportError, OSError, RuntimeError):  # raised where its libraries are missing
    VideoDecoder = None

STOCK = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='DecordDecode'),
    dict(type='RandomResizedCrop', area_range=(0.2, 1.0), aspect_ratio_range=(3 / 4, 4 / 3)),
    dict(type='Resize', scale=(112, 112), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(
        type='RandomApply',
        prob=0.5,
        transforms=[dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)],
    ),
    dict(type='BlurClip'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]


@TRANSFORMS.register_module()
class BlurClip:
    """The paper's blur for the stock pipeline, implemented as in ours: MMAction2 has no blur without torchvision."""

    def __call__(self, results: dict) -> dict:
        if np.random.rand() < 0.5:
            sigma = np.random.uniform(0.1, 2.0)
            results['imgs'] = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in results['imgs']]
        return results


class Pick(NamedTuple):
    """The frames that one sample reads."""

    path: str
    clip: np.ndarray
    frames: np.ndarray
    """All frames of clip, I-frame and motion windows, sorted and without repeats."""
    stamps: np.ndarray
    """Presentation times of the whole video."""


def check(picks: Sequence[Pick]) -> None:
    """Check that ours and decord's frames are equal before augmentation."""
    for path, clip, _, _ in picks[:4]:
        with CompressedVideo(path) as video:
            ours, _ = video.read(rgb=clip)
        theirs = decord.VideoReader(path, num_threads=1).get_batch(clip.tolist()).asnumpy()
        assert np.abs(ours.astype(int) - theirs).max() <= 1, f'{path}: decord gives other pixels'


def stock_route(name: str, stock: Compose, videos: Sequence[Path], samples: int) -> Route:
    """A route that loads `samples` clips of these videos in turn, each at a random position drawn by the pipeline."""
    paths = [str(videos[number % len(videos)]) for number in range(samples)]

    def load() -> None:
        for path in paths:
            stock(dict(filename=path, label=0, start_index=0, modality='RGB'))

    return Route(name, 'peer', load, samples)


def torchcodec_routes(picks: Sequence[Pick]) -> list[Route]:
    """Routes for the clip's frames alone, without crop and colour, by torchcodec if it can be imported."""
    if VideoDecoder is None:
        return []
    return [Route('torchcodec, the clip’s frames', 'peer', partial(_decode_clips, picks), len(picks))]


def _decode_clips(picks: Sequence[Pick]) -> None:
    for pick in picks:
        VideoDecoder(pick.path, num_ffmpeg_threads=1).get_frames_at(pick.clip.tolist())
