"""The last stage of a sample: arrays -> tensors and metadata."""

from typing import Any, Literal

import cv2
import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmaction.structures import ActionDataSample

Sample = dict[str, Any]


@TRANSFORMS.register_module()
class PackSample:
    """Arrays -> `inputs` (tensors, design of the sample) and `data_samples` (label, path and skipped videos).

    Args:
        clips: 'one' packs the only clip, for training; 'many' packs all, for testing.
        layout: layout of `inputs`. 'dict' holds everything that the pretraining needs, with imgs (3, T, H, W) for one
            clip and (clips, 3, T, H, W) for many. The others are those of MMAction2's `FormatShape` and
            `PackActionInputs`, for its recognizers with `ActionDataPreprocessor(format_shape=layout)`: one uint8 RGB
            tensor, 'NCTHW' (clips, 3, T, H, W) for `Recognizer3D`, or 'NCHW' (clips * T, 3, H, W) for `Recognizer2D`.
            After `ReadStreams` it has as many channels as the streams.

    Raises:
        ValueError: a sample has several clips and `clips` is 'one', or it holds more than clips and the layout holds
            clips only.
    """

    META_KEYS = ('path', 'sample_idx', 'is_query', 'iframe_fallback')

    def __init__(
        self, clips: Literal['one', 'many'] = 'one', layout: Literal['dict', 'NCTHW', 'NCHW'] = 'dict'
    ) -> None:
        if clips not in ('one', 'many'):
            raise ValueError(f"clips={clips!r} is not one of 'one', 'many'")
        if layout not in ('dict', 'NCTHW', 'NCHW'):
            raise ValueError(f"layout={layout!r} is not one of 'dict', 'NCTHW', 'NCHW'")
        self.clips = clips
        self.layout = layout

    def __call__(self, sample: Sample) -> Sample:
        data_sample = ActionDataSample()
        if sample['label'] is not None:
            data_sample.set_gt_label(sample['label'])
        data_sample.set_metainfo({key: sample[key] for key in self.META_KEYS if key in sample})
        return dict(inputs=self._inputs(sample), data_samples=data_sample)

    def _inputs(self, sample: Sample) -> dict[str, torch.Tensor] | torch.Tensor:
        if self.clips == 'one' and len(sample.get('clip_frames', ())) > 1:
            raise ValueError(
                f"clips='one' but {len(sample['clip_frames'])} clips were sampled. Remedy: set clips='many'."
            )
        if self.layout == 'dict':
            return _everything(sample, with_clips=self.clips == 'many')
        if surplus := sorted({'iframe', 'motion', 'imgs_colour'} & sample.keys()):
            raise ValueError(
                f'layout={self.layout!r} has room for clips only, but the sample has {", ".join(surplus)}. '
                "Remedy: use SampleClips as the first stage and AugmentColour(where='host'), or set layout='dict'."
            )
        clips = _clips(sample)
        return clips if self.layout == 'NCTHW' else clips.transpose(1, 2).flatten(0, 1).contiguous()


def _everything(sample: Sample, with_clips: bool) -> dict[str, torch.Tensor]:
    """The layout 'dict'."""
    inputs = {}
    if 'imgs' in sample:
        clips = _clips(sample)
        inputs['imgs'] = clips if with_clips else clips[0]
    if 'iframe' in sample:
        inputs['iframe'] = _tensor(np.moveaxis(sample['iframe'][0], -1, 0))
    for key in ('imgs_colour', 'iframe_colour'):
        if key in sample:
            inputs[key] = _tensor(sample[key])
    if 'motion' in sample:
        inputs['motion'] = _tensor(sample['motion'])
        inputs['motion_box'] = _tensor(sample['motion_box'])
        inputs['motion_flip'] = _tensor(sample['motion_flip'])
        inputs['motion_block'] = torch.tensor(sample['motion_block'])
    if 'residual' in sample:
        inputs['residual'] = _tensor(sample['residual'])
    if 'motion_valid' in sample:
        inputs['motion_valid'] = torch.tensor(sample['motion_valid'])
    return inputs


def _clips(sample: Sample) -> torch.Tensor:
    """The clips of a sample -> (clips, 3, T, H, W)."""
    clips = sample['imgs'].reshape(*sample['clip_frames'].shape, *sample['imgs'].shape[1:])
    planes = [_planes(clip) for clip in clips]
    return planes[0][None] if len(planes) == 1 else torch.stack(planes)


def _planes(clip: np.ndarray) -> torch.Tensor:
    """(T, H, W, C) -> (C, T, H, W), by OpenCV on one tall picture, in an eighth of the time of NumPy's copy."""
    length, height, width, channels = clip.shape
    planes = np.empty((channels, length * height, width), np.uint8)
    cv2.split(clip.reshape(-1, width, channels), list(planes))
    return torch.from_numpy(planes.reshape(channels, length, height, width))


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
