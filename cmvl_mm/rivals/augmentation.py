"""Crop, flip and colour augmentation with one draw per clip, or per frame for methods that need it.

`RandomCropFlip` and `AugmentColour` draw once for all clips of a video. Tasks about time need the same crop in all
frames of a clip, and different crops in different clips: otherwise borders and colours reveal which frames belong
together.
"""

from typing import Literal

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.augment import apply_colour, draw_colour
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.geometry import Box, crop_resize, random_resized_box, rotate


def clip_slices(sample: Sample) -> list[slice]:
    """The range of each clip's frames in `imgs`.

    The clips are the rows of `clip_frames`, or parts of its only row with the lengths in `clip_lengths`.
    """
    lengths = sample.get('clip_lengths') or [sample['clip_frames'].shape[1]] * len(sample['clip_frames'])
    ends = np.cumsum(lengths)
    return [slice(int(end - length), int(end)) for length, end in zip(lengths, ends, strict=True)]


def inner_box(rng: np.random.Generator, box: Box, share: float) -> Box:
    """A box at a random position in another box, with edges shorter by `share`."""
    height, width = max(1, round(box.height * (1 - share))), max(1, round(box.width * (1 - share)))
    top = box.top + int(rng.integers(box.height - height + 1))
    left = box.left + int(rng.integers(box.width - width + 1))
    return Box(top, left, height, width)


@TRANSFORMS.register_module()
class CropFlipEach:
    """Random resized crop and flip, the same for all frames of a clip.

    Args:
        size, area, aspect, flip_prob, rotation: as in `RandomCropFlip`.
        boxes: 'own' draws box and angle for each clip; 'shared' once for the video.
        flips: 'own' draws the flip for each clip; 'shared' once for the video, for tasks that compare directions of
            motion in different clips.
        jitter: with 'shared', the share by which each clip's box is shorter than the video's box, at a random position
            in it. OPN: a region of 100 px, frames of 95, so that they are up to 5 px apart.
    """

    def __init__(
        self,
        size: int = 112,
        area: tuple[float, float] = (0.2, 1.0),
        aspect: tuple[float, float] = (3 / 4, 4 / 3),
        flip_prob: float = 0.5,
        rotation: float = 0.0,
        boxes: Literal['own', 'shared'] = 'own',
        flips: Literal['own', 'shared'] = 'own',
        jitter: float = 0.0,
    ) -> None:
        for name, value in (('boxes', boxes), ('flips', flips)):
            if value not in ('own', 'shared'):
                raise ValueError(f"{name}={value!r} is not one of 'own', 'shared'")
        if not 0 <= jitter < 1:
            raise ValueError(f'jitter={jitter} is not in 0 ... 1')
        if not 0 <= rotation <= 180:
            raise ValueError(f'rotation={rotation} is not in 0 ... 180 degrees')
        self.size, self.flip_prob, self.rotation = size, flip_prob, rotation
        self.area, self.aspect = (area[0], area[1]), (aspect[0], aspect[1])
        self.boxes, self.flips, self.jitter = boxes, flips, jitter

    def __call__(self, sample: Sample) -> Sample:
        rng, video = sample['rng'], sample['video']
        crops: list[tuple[Box, bool]] = []
        cut = []
        for part in clip_slices(sample):
            if self.boxes == 'own' or not crops:
                whole = random_resized_box(rng, video.height, video.width, self.area, self.aspect)
                angle = float(rng.uniform(-self.rotation, self.rotation))
            if self.flips == 'own' or not crops:
                flip = bool(rng.random() < self.flip_prob)
            box = inner_box(rng, whole, self.jitter) if self.jitter else whole
            frames = rotate(sample['imgs'][part], angle) if self.rotation else sample['imgs'][part]
            cut.append(crop_resize(frames, box, flip, self.size))
            crops.append((box, flip))
        sample['imgs'], sample['crops'] = np.concatenate(cut), crops
        return sample


@TRANSFORMS.register_module()
class AugmentColourEach:
    """`AugmentColour` with one draw per clip or per frame.

    Args:
        each: 'clip' or 'frame'.
        blur_prob, blur_sigma, jitter_prob, brightness, contrast, saturation, hue, gray_prob: as in `AugmentColour`.
        channel: 'one' copies one channel, drawn for each clip or frame, to all three (OPN's channel splitting), so that
            chromatic aberration reveals nothing; 'all' keeps all channels.
        where: only 'host'; the draws of several clips are not passed to the device.

    Raises:
        ValueError: an unknown setting, or where='device'.
    """

    def __init__(
        self,
        each: Literal['clip', 'frame'] = 'clip',
        blur_prob: float = 0.5,
        blur_sigma: tuple[float, float] = (0.1, 2.0),
        jitter_prob: float = 0.5,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        gray_prob: float = 0.0,
        channel: Literal['all', 'one'] = 'all',
        where: Literal['host'] = 'host',
    ) -> None:
        for name, value, allowed in (
            ('each', each, ('clip', 'frame')),
            ('channel', channel, ('all', 'one')),
            ('where', where, ('host',)),
        ):
            if value not in allowed:
                raise ValueError(f'{name}={value!r} is not one of {allowed}')
        self.each, self.channel, self.where = each, channel, where
        self.blur_prob, self.blur_sigma = blur_prob, (blur_sigma[0], blur_sigma[1])
        self.jitter_prob, self.gray_prob = jitter_prob, gray_prob
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue

    def __call__(self, sample: Sample) -> Sample:
        imgs = sample['imgs']
        parts = clip_slices(sample) if self.each == 'clip' else [slice(n, n + 1) for n in range(len(imgs))]
        sample['imgs'] = np.concatenate([self._recoloured(imgs[part], sample['rng']) for part in parts])
        return sample

    def _recoloured(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        draw = draw_colour(
            rng,
            blur_prob=self.blur_prob,
            blur_sigma=self.blur_sigma,
            jitter_prob=self.jitter_prob,
            brightness=self.brightness,
            contrast=self.contrast,
            saturation=self.saturation,
            hue=self.hue,
            gray_prob=self.gray_prob,
        )
        frames = apply_colour(frames, draw)
        if self.channel == 'one':
            frames = np.repeat(frames[..., rng.integers(3), None], 3, axis=-1)
        return frames
