"""Convert a batch on the host to the networks' inputs: normalised pictures and motion maps on the model's device."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from cmvl_mm.datasets.augment_batch import recolour_inputs
from cmvl_mm.datasets.collate import stack_inputs
from cmvl_mm.datasets.geometry import MirroredDx, crop_resize_grids, crop_resize_motion

STD = (58.395, 57.12, 57.375)
"""Standard deviation of ImageNet's pictures, in grey levels; the default divisor of pictures."""


@MODELS.register_module()
class CompressedVideoPreprocessor(BaseDataPreprocessor):
    """Normalise `imgs` and `iframe`, recoloured if the batch holds colour draws; turn block grids, boxes and flips into
    motion maps, and into residual maps if the samples hold residual energy.

    A residual map has two channels: energy in 0 ... 1, and a mask that is 1 where there is a residual. In I-frames and
    intra blocks both are 0. So a well predicted block differs from a block without prediction. Vectors do not show
    this difference: those of an I-frame are (0, 0).

    Args:
        mean, std: mean and standard deviation of RGB in 0..255.
        motion_size: edge of the motion maps, in pixels; a positive window covers the same crop as the clip.
        motion_clamp: clamp of the motion, in pixels per frame; maps are divided by it. The authors' release uses 10.
        mirrored_dx: 'negate' or 'keep' (as released) the sign of dx in mirrored windows; see `crop_resize_motion`.
        iframe_channels: colour order of the I-Network's input. The release uses 'bgr', and still normalises with the
            numbers of RGB.
        residual_clamp: clamp of the energy, in grey levels per pixel; maps are divided by it in every video. 10 is
            ours. In three videos of UCF101, written by cmvl prepare, a tenth of the blocks has more than 2 to 6.
        residual: 'apart' gives separate residual maps; 'in_motion' appends their two channels to the channels of the
            motion maps, for an M-Network of `in_channels=4`.
    """

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = STD,
        motion_size: int = 112,
        motion_clamp: float = 10.0,
        mirrored_dx: MirroredDx = 'negate',
        iframe_channels: Literal['rgb', 'bgr'] = 'rgb',
        residual_clamp: float = 10.0,
        residual: Literal['apart', 'in_motion'] = 'apart',
    ) -> None:
        super().__init__(non_blocking=True)  # from pinned memory, the copy runs while the host continues
        if mirrored_dx not in get_args(MirroredDx):
            raise ValueError(f"mirrored_dx={mirrored_dx!r} is not one of 'negate', 'keep'")
        if iframe_channels not in ('rgb', 'bgr'):
            raise ValueError(f"iframe_channels={iframe_channels!r} is not one of 'rgb', 'bgr'")
        if motion_clamp <= 0:
            raise ValueError(f'motion_clamp={motion_clamp} must be positive, in pixels per frame')
        if residual_clamp <= 0:
            raise ValueError(f'residual_clamp={residual_clamp} must be positive, in grey levels')
        if residual not in ('apart', 'in_motion'):
            raise ValueError(f"residual={residual!r} is not one of 'apart', 'in_motion'")
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1, 1), persistent=False)
        self.motion_size = motion_size
        self.motion_clamp = motion_clamp
        self.mirrored_dx: MirroredDx = mirrored_dx
        self.iframe_channels = iframe_channels
        self.residual_clamp = residual_clamp
        self.residual = residual

    @property
    def device(self) -> torch.device:
        """Device of the batch. MMEngine's follows `to` of its own models only, not of modules that contain one."""
        return self.mean.device

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """`dict(inputs=…, data_samples=…)` of a collate function -> the same dict with the networks' inputs.

        imgs (B, 3, T, H, W), or (B, clips, 3, T, H, W) for testing; iframe (B, 3, H, W);
        motion (B, K, 2, T, size, size) in -1 ... 1; residual (B, K, 2, T, size, size) in 0 ... 1, or with 'in_motion'
        motion (B, K, 4, T, size, size); motion_valid (B,) bool, unchanged.

        The batch may come from `compressed_collate`, from MMEngine's `pseudo_collate` (a list of tensors for each
        input, stacked here) or from its `default_collate`. Samples may have MMAction2's NCTHW layout.

        Raises:
            ValueError: the videos have different numbers of clips, `inputs` is neither a dict nor such clips, or
                'in_motion' is set and the batch has no residual.
        """
        raw = _stacked(self.cast_data(data['inputs']))  # uint8 and int16; data samples stay on the host for metrics
        raw = recolour_inputs(raw)
        inputs = {}
        if 'imgs' in raw:
            inputs['imgs'] = self._normalise(raw['imgs'])
        if 'iframe' in raw:
            iframe = raw['iframe'].flip(1) if self.iframe_channels == 'bgr' else raw['iframe']
            inputs['iframe'] = self._normalise(iframe.unsqueeze(2)).squeeze(2)
        if 'motion' in raw:
            inputs['motion'] = self._motion_maps(raw)
            if self.residual == 'in_motion' and 'residual' not in raw:
                raise ValueError(
                    "data_preprocessor.residual='in_motion', but the batch has no residual. "
                    "Remedy: use ReadCompressed(residual='exact')."
                )
        if 'residual' in raw:
            maps = self._residual_maps(raw)
            if self.residual == 'in_motion':
                inputs['motion'] = torch.cat([inputs['motion'], maps], dim=2)
            else:
                inputs['residual'] = maps
        if 'motion_valid' in raw:
            inputs['motion_valid'] = raw['motion_valid']
        return dict(inputs=inputs, data_samples=data.get('data_samples'))

    def _normalise(self, pictures: Tensor) -> Tensor:
        return (pictures.to(self.mean.dtype) - self.mean) / self.std

    @torch.autocast('cuda', enabled=False)
    @torch.autocast('cpu', enabled=False)
    def _motion_maps(self, raw: dict[str, Tensor]) -> Tensor:
        maps = crop_resize_motion(*self._windows(raw, 'motion'), self.motion_size, self.mirrored_dx)
        return self._in_videos(maps.clamp(-self.motion_clamp, self.motion_clamp) / self.motion_clamp, raw)

    @torch.autocast('cuda', enabled=False)
    @torch.autocast('cpu', enabled=False)
    def _residual_maps(self, raw: dict[str, Tensor]) -> Tensor:
        maps = crop_resize_grids(*self._windows(raw, 'residual'), self.motion_size)
        maps[:, 0] = maps[:, 0].clamp(max=self.residual_clamp) / self.residual_clamp
        return self._in_videos(maps, raw)

    def _windows(self, raw: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Grids, boxes, flips and blocks of all windows of the batch."""
        boxes, flips = raw['motion_box'].flatten(0, 1), raw['motion_flip'].flatten(0, 1)
        return raw[name].flatten(0, 1), boxes, flips, raw['motion_block'].repeat_interleave(raw[name].shape[1])

    def _in_videos(self, maps: Tensor, raw: dict[str, Tensor]) -> Tensor:
        """(B * K, C, T, size, size) -> (B, K, C, T, size, size)."""
        return maps.unflatten(0, raw['motion_flip'].shape).to(self.mean.dtype)


def _stacked(inputs: Any) -> dict[str, Tensor]:
    """The inputs of a batch from any collate function, in the form of `compressed_collate`."""
    if not isinstance(inputs, Mapping):
        clips = inputs if isinstance(inputs, Tensor) else stack_inputs({'imgs': inputs})['imgs']
        if clips.ndim != 6:
            raise ValueError(
                f'inputs of shape {tuple(clips.shape)} are not (B, clips, 3, T, H, W). '
                "Remedy: use PackSample(layout='dict') or layout='NCTHW'."
            )
        return {'imgs': clips}
    stacked = stack_inputs({name: tensors for name, tensors in inputs.items() if not isinstance(tensors, Tensor)})
    return {name: tensors if isinstance(tensors, Tensor) else stacked[name] for name, tensors in inputs.items()}
