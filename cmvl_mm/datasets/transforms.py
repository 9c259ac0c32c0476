"""The stages of a sample, in order: choose frames, read, crop and flip, colour; `packing` ends it.

Registered shells round `geometry` and `augment`; those that choose frames are in `frame_choice`. Each takes the
sample's dict and adds to it:

| stage | needs | adds |
|---|---|---|
| SamplePretraining, SampleClips | video, rng | clip_frames (clips, T), iframe_frame, motion_frames (K, M) |
| ReadCompressed | the frame indices | imgs (clips * T, H, W, 3), iframe (1, H, W, 3), motion, residual: see below |
| RandomCropFlip, CentreCrop | imgs ... | the same cropped; motion_box (K, 4), motion_flip (K,), crops: (box, flip) |
| AugmentColour | imgs, iframe | the same recoloured, or imgs_colour and iframe_colour (10,), the draws for the device |

Motion is (K, M, Hb, Wb, 2), quarter pixels; residual (K, M, Hb, Wb, 2), energy in grey levels and whether there is any.
"""

from contextlib import nullcontext
from typing import Any, Literal

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.flow import read_flow
from cmvl_mm.video import Frames

from .augment import apply_colour, draw_colour, encode_colour
from .decoded_frames import DecodedFrames
from .frame_choice import Sample
from .geometry import centre_box, crop_resize, random_resized_box, rotate
from .residual_source import RESIDUALS, Residual, read_with_energy


@TRANSFORMS.register_module()
class ReadCompressed:
    """Everything that the sample needs from the video, in one pass over each group of pictures.

    In two-file mode the clip comes from the original, the I-frame and the vectors from the prepared video.

    Args:
        motion: 'vectors' takes the video's own; 'flow' reads the TV-L1 flow that `cmvl prepare --flow` put
            beside the video (Table 4).
        residual: 'none', or beside the vectors the residual energy of the same frames and where there is any, see
            `read_with_energy`: 'exact', as prepared videos give it, or 'approximate', which takes estimates too.

    Raises:
        ValueError: ``residual`` is 'exact' and a video has estimates alone, whatever the data set's `on_error` is; or
            flow is to have a residual.
    """

    def __init__(self, motion: Literal['vectors', 'flow'] = 'vectors', residual: Residual = 'none') -> None:
        if motion not in ('vectors', 'flow'):
            raise ValueError(f"motion={motion!r} is not one of 'vectors', 'flow'")
        if residual not in RESIDUALS:
            raise ValueError(f"residual={residual!r} is not one of 'none', 'exact', 'approximate'")
        if motion == 'flow' and residual != 'none':
            raise ValueError(f"motion='flow' has no residual, and {residual=}. Remedy: motion='vectors'.")
        self.motion = motion
        self.residual: Residual = residual

    def __call__(self, sample: Sample) -> Sample:
        with sample.pop('opened', nullcontext()):  # a file of `OpenVideo`; a data set closes its own
            return self._read(sample)

    def _read(self, sample: Sample) -> Sample:
        clip_frames, motion_frames = sample.get('clip_frames'), sample.get('motion_frames')
        clip = clip_frames.reshape(-1) if clip_frames is not None else np.empty(0, dtype=np.int64)
        iframe = [sample['iframe_frame']] if 'iframe_frame' in sample else []
        windows = motion_frames.reshape(-1) if motion_frames is not None else ()
        motion = windows if self.motion == 'vectors' and self.residual == 'none' else ()
        if 'original' in sample:
            imgs = sample['original'].read(rgb=clip).rgb
            read: Frames = sample['video'].read(rgb=iframe, motion=motion)
        else:
            read = sample['video'].read(rgb=np.append(clip, iframe).astype(np.int64), motion=motion)
            imgs = read.rgb[: len(clip)]
        if clip_frames is not None:
            sample['imgs'] = imgs
        if 'iframe_frame' in sample:
            sample['iframe'] = read.rgb[-1:]
        if motion_frames is not None:
            field = read.motion
            if self.motion == 'flow':
                if isinstance(sample['video'], DecodedFrames):
                    raise ValueError('decoded frames have no flow file beside them. Remedy: give the video file.')
                field = read_flow(sample['video'], motion=windows)
            elif self.residual != 'none':
                field, energy = read_with_energy(sample['video'], windows, self.residual)
                sample['residual'] = energy.reshape(*motion_frames.shape, *energy.shape[1:])
            sample['motion'] = field.vectors.reshape(*motion_frames.shape, *field.vectors.shape[1:])
            sample['motion_block'] = field.block
        return sample


@TRANSFORMS.register_module()
class RandomCropFlip:
    """Random resized crop and flip: one draw for clip and positive window, their own for I-frame and negatives.

    The paper names crop and flip without numbers; the defaults are the authors' release's.

    Args:
        size: output edge of clip and I-frame, in pixels.
        area: smallest and largest share of the frame's area.
        aspect: smallest and largest width / height.
        flip_prob: how often the sample is mirrored.
        rotation: largest angle, in degrees, by which the clip is first rotated either way, black outside; 0 draws
            nothing. For classifiers, as released: motion vectors cannot be rotated.

    Raises:
        ValueError: a sample with motion is to be turned, or `rotation` is not in 0 ... 180.
    """

    def __init__(
        self,
        size: int = 112,
        area: tuple[float, float] = (0.2, 1.0),
        aspect: tuple[float, float] = (3 / 4, 4 / 3),
        flip_prob: float = 0.5,
        rotation: float = 0.0,
    ) -> None:
        if not 0 <= rotation <= 180:
            raise ValueError(f'rotation={rotation} is not in 0 ... 180 degrees')
        self.rotation = rotation
        self.size = size
        self.area = (area[0], area[1])
        self.aspect = (aspect[0], aspect[1])
        self.flip_prob = flip_prob

    def __call__(self, sample: Sample) -> Sample:
        rng, video = sample['rng'], sample['video']
        if self.rotation and 'motion' in sample:
            raise ValueError(f'rotation={self.rotation} would turn the clip and not its motion. Remedy: rotation=0.')
        windows = len(sample['motion']) if 'motion' in sample else 1
        draws = [
            (
                random_resized_box(rng, video.height, video.width, self.area, self.aspect),
                bool(rng.random() < self.flip_prob),
            )
            for _ in range(windows + 1)
        ]  # the last one is the I-frame's
        sample['crops'] = draws
        if self.rotation:
            sample['imgs'] = rotate(sample['imgs'], float(rng.uniform(-self.rotation, self.rotation)))
        sample['imgs'] = crop_resize(sample['imgs'], *draws[0], self.size)
        if 'iframe' in sample:
            sample['iframe'] = crop_resize(sample['iframe'], *draws[-1], self.size)
        if 'motion' in sample:
            sample['motion_box'] = np.array([box for box, _ in draws[:windows]], dtype=np.int32)
            sample['motion_flip'] = np.array([flip for _, flip in draws[:windows]])
        return sample


@TRANSFORMS.register_module()
class CentreCrop:
    """The central square for testing: short side to `resize_short`, then the central `size` pixels, in one resize."""

    def __init__(self, size: int = 112, resize_short: int = 128) -> None:
        self.size = size
        self.share = size / resize_short

    def __call__(self, sample: Sample) -> Sample:
        box = centre_box(sample['video'].height, sample['video'].width, self.share)
        sample['crops'] = [(box, False)]
        if 'imgs' in sample:
            sample['imgs'] = crop_resize(sample['imgs'], box, False, self.size)
        if 'motion' in sample:
            sample['motion_box'] = np.tile(np.array(box, dtype=np.int32), (len(sample['motion']), 1))
            sample['motion_flip'] = np.zeros(len(sample['motion']), dtype=bool)
        return sample


@TRANSFORMS.register_module()
class AugmentColour:
    """Blur, colour jitter and gray, one draw for the clip and another for the I-frame.

    The paper names blur and jitter without numbers; the defaults are the authors' release's, but for its gray (0.2).

    Args:
        blur_prob: how often a clip is blurred.
        blur_sigma: smallest and largest standard deviation, in pixels of the output.
        jitter_prob: how often the next four apply.
        brightness, contrast, saturation: reach of the factor round 1.
        hue: reach, as a share of a full turn; 0.5 is any hue.
        gray_prob: how often the clip loses its colour.
        where: 'host' recolours here; 'device' leaves the pixels alone and hands on the same draws, for the data
            preprocessor to do it.
    """

    def __init__(
        self,
        blur_prob: float = 0.5,
        blur_sigma: tuple[float, float] = (0.1, 2.0),
        jitter_prob: float = 0.5,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        gray_prob: float = 0.0,
        where: Literal['host', 'device'] = 'host',
    ) -> None:
        if where not in ('host', 'device'):
            raise ValueError(f"where={where!r} is not one of 'host', 'device'")
        self.where = where
        self.settings: dict[str, Any] = dict(
            blur_prob=blur_prob,
            blur_sigma=(blur_sigma[0], blur_sigma[1]),
            jitter_prob=jitter_prob,
            brightness=brightness,
            contrast=contrast,
            saturation=saturation,
            hue=hue,
            gray_prob=gray_prob,
        )

    def __call__(self, sample: Sample) -> Sample:
        for key in ('imgs', 'iframe'):
            if key not in sample:
                continue
            draw = draw_colour(sample['rng'], **self.settings)
            if self.where == 'host':
                sample[key] = apply_colour(sample[key], draw)
            else:
                sample[f'{key}_colour'] = encode_colour(draw)
        return sample
