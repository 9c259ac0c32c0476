"""What `loader.py` compares with: a stock MMAction2 pipeline, and torchcodec where it imports."""

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
except (ImportError, OSError, RuntimeError):  # what it raises where its libraries are missing
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
    """The paper's blur for the stock pipeline, as ours does it: MMAction2 has none of its own without torchvision."""

    def __call__(self, results: dict) -> dict:
        if np.random.rand() < 0.5:
            sigma = np.random.uniform(0.1, 2.0)
            results['imgs'] = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in results['imgs']]
        return results


class Pick(NamedTuple):
    """What one sample reads."""

    path: str
    clip: np.ndarray
    frames: np.ndarray
    """All of them, once and sorted: clip, I-frame and motion windows."""
    stamps: np.ndarray
    """Presentation times of the whole video."""


def check(picks: Sequence[Pick]) -> None:
    """Ours and decord's frames are the same before augmentation."""
    for path, clip, _, _ in picks[:4]:
        with CompressedVideo(path) as video:
            ours, _ = video.read(rgb=clip)
        theirs = decord.VideoReader(path, num_threads=1).get_batch(clip.tolist()).asnumpy()
        assert np.abs(ours.astype(int) - theirs).max() <= 1, f'{path}: decord gives other pixels'


def stock_route(name: str, stock: Compose, videos: Sequence[Path], samples: int) -> Route:
    """So many clips of these videos in turn, each at a place that the pipeline draws."""
    paths = [str(videos[number % len(videos)]) for number in range(samples)]

    def load() -> None:
        for path in paths:
            stock(dict(filename=path, label=0, start_index=0, modality='RGB'))

    return Route(name, 'peer', load, samples)


def torchcodec_routes(picks: Sequence[Pick]) -> list[Route]:
    """The clip's frames alone, neither cropped nor coloured, by torchcodec where it imports."""
    if VideoDecoder is None:
        return []
    return [Route('torchcodec, the clip’s frames', 'peer', partial(_decode_clips, picks), len(picks))]


def _decode_clips(picks: Sequence[Pick]) -> None:
    for pick in picks:
        VideoDecoder(pick.path, num_ffmpeg_threads=1).get_frames_at(pick.clip.tolist())
