"""The fused map that both pretext tasks read, for ResNets."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.models.feature_maps import Features


def fuse_last_two(third: Tensor, fourth: Tensor) -> Tensor:
    """Nearest-upsampled stage 4 plus stage 3, whose frames are paired on the channel axis.

    Args:
        third: (N, C/2, 2T, H, W). Its frames 2t and 2t + 1 become the two halves of the channels at t.
        fourth: (N, C, T, h, w).

    Returns:
        (N, C, T, H, W), for R3D-26 on 16x112x112 (N, 2048, 2, 7, 7).

    Raises:
        ValueError: stage 3 does not have half the channels and twice the frames of stage 4.
    """
    _, channels, frames, _, _ = fourth.shape
    if third.shape[1] * 2 != channels or third.shape[2] != frames * 2:
        raise ValueError(
            f'stage 3 {tuple(third.shape)} must have half the channels and twice the frames of stage 4 '
            f'{tuple(fourth.shape)}. Remedy: use stride 2 in time at stage 4, and an even number of frames.'
        )
    paired = torch.cat([third[:, :, 0::2], third[:, :, 1::2]], dim=1)  # (N, C, T, H, W)
    return F.interpolate(fourth, size=paired.shape[2:], mode='nearest') + paired


@MODELS.register_module()
class FusedPretextNeck(nn.Module):
    """Apply `fuse_last_two` to the backbone's last two maps; no parameters."""

    stages = 2
    """Number of last stages whose maps the neck reads; the recognizer requests them from the backbone."""

    def forward(self, maps: tuple[Tensor, ...]) -> Tensor:
        third, fourth = maps[-2:]
        return fuse_last_two(third, fourth)


def fused_map(neck: nn.Module, features: Features) -> Tensor:
    """The output of a neck for a backbone's maps.

    Raises:
        ValueError: the backbone gives fewer maps than the neck reads.
    """
    features.last_map('model.neck', instead='model.neck=None')
    stages = getattr(neck, 'stages', 1)
    if len(features.maps) < stages:
        raise ValueError(
            f'model.neck ({type(neck).__name__}) reads the maps of {stages} stages, but {features.source} '
            f'returned {len(features.maps)}. Remedy: set model.backbone.out_indices to its last {stages} stages, '
            'such as (2, 3).'
        )
    return neck(features.maps)
