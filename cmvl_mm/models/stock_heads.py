"""Use MMAction2's heads as `cls_head`: give each head the features that it reads, and return its scores."""

import inspect
from typing import Any, Literal

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (mends the import of mmaction.models)
from cmvl_mm.models.feature_maps import Features, shapes
from cmvl_mm.models.head_parts import require_channels
from cmvl_mm.models.labels import require_labels

Reads = Literal['frames', 'pathways', 'map_and_token', 'vectors', 'map']

NOT_CLASSIFIERS = {
    'FeatureHead': 'returns features, as a test without cls_head does',
    'GCNHead': 'reads skeletons',
    'OmniHead': 'has a part for single pictures, which clips would never train',
    'RGBPoseHead': 'reads poses besides pictures',
    'TSNAudioHead': 'reads sound',
}


def reads_of(head: nn.Module) -> Reads | None:
    """The features that one of MMAction2's heads reads; None for other heads, such as ours.

    | head | gets |
    |---|---|
    | TSNHead, TSMHead, TRNHead and others with `num_segs` | the 'frames' of the last map, (N * T, C, H, W) |
    | SlowFastHead | the maps of both 'pathways' |
    | MViTHead with a class token | MViT's 'map_and_token' |
    | TimeSformerHead, UniFormerHead | 'vectors': the pooled features (N, C) |
    | I3DHead, X3DHead, TPNHead and others | the last 'map'; vectors become a map with one position |

    Raises:
        ValueError: the head does not classify clips of pictures.
    """
    from mmaction.models import heads  # the import takes seconds; the registry has already done it here

    if not isinstance(head, heads.BaseHead):
        return None
    name = type(head).__name__
    if name in NOT_CLASSIFIERS:
        raise ValueError(f'model.cls_head={name} {NOT_CLASSIFIERS[name]}. Remedy: use another head, such as I3DHead.')
    segments = inspect.signature(head.forward).parameters.get('num_segs')
    if segments is not None and segments.default is segments.empty:
        return 'frames'
    if isinstance(head, heads.SlowFastHead):
        return 'pathways'
    if isinstance(head, heads.MViTHead):
        return 'map_and_token' if head.with_cls_token else 'map'
    return 'vectors' if isinstance(head, (heads.TimeSformerHead, heads.UniFormerHead)) else 'map'


def scores_of(head: Any, reads: Reads, features: Features) -> Tensor:
    """The scores (N, classes) of N clips before the softmax, at least in fp32, as MMAction2 reads them with NumPy.

    Raises:
        ValueError: the backbone does not give the features that the head reads, or their width differs.
    """
    _require_width(head, features)
    arguments: dict[str, Any] = {}
    x: Any = features.returned
    if reads == 'frames':
        video_map = features.pooled_or_map()
        arguments = dict(num_segs=video_map.shape[2])
        _require_segments(head, video_map.shape[2])
        x = video_map.transpose(1, 2).flatten(0, 1)
    elif reads == 'pathways':
        if not (isinstance(x, (tuple, list)) and len(x) == 2 and len(features.maps) == 1):
            _refuse(head, 'the maps of two pathways', features)
    elif reads == 'map_and_token':
        if not (isinstance(x, (tuple, list)) and isinstance(x[-1], (tuple, list))):
            _refuse(head, 'a map with its class token', features)
    elif reads == 'vectors':
        x = features.pooled()
    else:
        x = features.pooled_or_map()
        x = (x,) if hasattr(head, 'with_cls_token') else x  # MViTHead takes stages
    scores = head(x, **arguments)
    return scores.to(torch.promote_types(scores.dtype, torch.float32))


def stock_loss(
    head: Any, reads: Reads, features: Features, data_samples: list[ActionDataSample], labels: Tensor
) -> dict[str, Tensor]:
    """The head's own losses and accuracies: `loss_cls`, and for labels that are classes `top1_acc` and `top5_acc`.

    Raises:
        ValueError: the backbone does not give the features that the head reads; or the samples' `labels` are neither
            classes nor class shares that add up to 1. With the head's `multi_class` labels are not checked.
    """
    if not head.multi_class:
        require_labels(labels, len(data_samples), head.num_classes)
    return head.loss_by_feat(scores_of(head, reads, features), data_samples)


def average_clips(head: Any, scores: Tensor, clips: int) -> Tensor:
    """(B * clips, classes) -> (B, classes) by the head's `average_clips`; None means 'prob', as in our head."""
    if head.average_clips is None:
        return scores.softmax(1).unflatten(0, (-1, clips)).mean(1)
    return head.average_clip(scores, num_segs=clips)


def _require_width(head: Any, features: Features) -> None:
    """Check the width; heads that do not average over positions include them in `in_channels`."""
    expected = getattr(head, 'in_channels', None)
    if isinstance(expected, int) and getattr(head, 'spatial_type', 'avg') == 'avg':
        require_channels('model.cls_head', expected, features.pooled_or_map().shape[1])


def _require_segments(head: Any, frames: int) -> None:
    """Check `num_segs`; with another value TSMHead and TRNHead would mix frames of several videos."""
    expected = getattr(head, 'num_segments', frames)
    pooled = 2 if getattr(head, 'is_shift', False) and getattr(head, 'temporal_pool', False) else 1  # over time
    expected //= pooled
    if expected != frames:
        raise ValueError(
            f'model.cls_head={type(head).__name__} was built for maps of {expected} frames, but the backbone returns '
            f'{frames}. Remedy: set model.cls_head.num_segments={frames * pooled}.'
        )


def _refuse(head: Any, needed: str, features: Features) -> None:
    raise ValueError(
        f'model.cls_head={type(head).__name__} reads {needed}, but {features.source} returned '
        f'{shapes(features.returned)}. Remedy: use another head, such as I3DHead.'
    )
