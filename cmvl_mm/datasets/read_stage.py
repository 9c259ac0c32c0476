"""The stage that reads the frames and vectors of a sample from its video.

Stages are registered wrappers of pure functions, in the order of the table. `frame_choice` has the stages that choose
frames, `packing` the last stage. Each takes the sample's dict and adds to it:

| stage | needs | adds |
|---|---|---|
| SamplePretraining, SampleClips | video, rng | clip_frames (clips, T), iframe_frame, motion_frames (K, M) |
| ReadCompressed | the frame indices | imgs (clips * T, H, W, 3), iframe (1, H, W, 3), motion, residual: see below |
| SubtractCamera | motion | nothing: the motion is that of objects over the ground |
| RandomCropFlip, CentreCrop | imgs ... | cropped imgs ...; motion_box (K, 4), motion_flip (K,), crops: (box, flip) |
| AugmentColour | imgs, iframe | recoloured imgs, iframe; or imgs_colour and iframe_colour (10,), draws for the device |

Motion is (K, M, Hb, Wb, 2) in quarter pixels, 0 where block_valid (K, M, Hb, Wb) is False. Residual is
(K, M, Hb, Wb, 2), energy in grey levels and whether there is any.
"""

from contextlib import nullcontext
from typing import Literal

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.flow import read_flow
from cmvl_mm.video import Frames

from .decoded_frames import DecodedFrames
from .frame_choice import Sample
from .residual_source import RESIDUALS, Residual, read_with_energy


@TRANSFORMS.register_module()
class ReadCompressed:
    """Read everything that the sample needs from the video, in one pass over each group of pictures.

    In two-file mode the clip comes from the original, the I-frame and the vectors from the prepared video.

    Args:
        motion: 'vectors' takes the vectors of the video; 'flow' reads the TV-L1 flow file that `cmvl prepare --flow`
            wrote next to the video (Table 4).
        residual: 'none', or also the residual energy of the motion frames and a mask of where there is any, see
            `read_with_energy`: 'exact', as in prepared videos, or 'approximate', which also accepts estimates.

    Raises:
        ValueError: ``residual`` is 'exact' and a video has estimates only, with any `on_error` of the data set; or
            ``residual`` is set with 'flow'.
    """

    def __init__(self, motion: Literal['vectors', 'flow'] = 'vectors', residual: Residual = 'none') -> None:
        if motion not in ('vectors', 'flow'):
            raise ValueError(f"motion={motion!r} is not one of 'vectors', 'flow'")
        if residual not in RESIDUALS:
            raise ValueError(f"residual={residual!r} is not one of 'none', 'exact', 'approximate'")
        if motion == 'flow' and residual != 'none':
            raise ValueError(f"motion='flow' has no residual, but {residual=}. Remedy: set motion='vectors'.")
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
                    raise ValueError('decoded frames have no flow file. Remedy: pass the video file.')
                field = read_flow(sample['video'], motion=windows)
            elif self.residual != 'none':
                field, energy = read_with_energy(sample['video'], windows, self.residual)
                sample['residual'] = energy.reshape(*motion_frames.shape, *energy.shape[1:])
            sample['motion'] = field.vectors.reshape(*motion_frames.shape, *field.vectors.shape[1:])
            sample['block_valid'] = field.valid.reshape(*motion_frames.shape, *field.valid.shape[1:])
            sample['motion_block'] = field.block
        return sample
