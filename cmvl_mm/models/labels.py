"""The labels of a batch: one class per video or, with Mixup and CutMix, the shares of all classes."""

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor


def labels_of(data_samples: list[ActionDataSample] | None) -> Tensor:
    """`gt_label` of every sample: (B,) int64 classes, or (B, classes) floating-point class shares of blended videos.

    Raises:
        ValueError: a video has no label, or some videos have a class and others have shares.
    """
    if data_samples is None or any('gt_label' not in sample for sample in data_samples):
        raise ValueError('cls_head needs a label for every video. Remedy: add labels to the annotation list.')
    labels = [sample.gt_label for sample in data_samples]
    soft = [label.is_floating_point() for label in labels]
    if any(soft) and not (all(soft) and len({label.shape for label in labels}) == 1):
        raise ValueError(
            f'labels of one batch differ in shape: {sorted({tuple(label.shape) for label in labels})}. '
            'Remedy: give every video one class, or every video the shares of all classes.'
        )
    return torch.stack(labels) if any(soft) else torch.cat(labels)


def require_labels(labels: Tensor, videos: int, num_classes: int) -> None:
    """Refuse labels whose shape does not fit the videos and classes; values are checked for labels on a CPU only.

    Raises:
        ValueError: the labels do not fit the videos or classes.
    """
    if labels.shape != ((videos, num_classes) if labels.is_floating_point() else (videos,)):
        raise ValueError(
            f'labels of the shape {tuple(labels.shape)} do not fit {videos} videos and num_classes={num_classes}: each '
            'video needs one class, or its shares of all classes. Remedy: use a list with one label per video, and the '
            'same num_classes for cls_head and for Mixup or CutMix.'
        )
    if labels.device.type != 'cpu' or not videos:
        return
    if labels.is_floating_point():
        if not (labels.min() >= 0 and torch.allclose(labels.sum(1), labels.new_ones(()), atol=1e-3)):
            raise ValueError(
                f'class shares lie between {labels.min():g} and {labels.max():g}, with sums '
                f'{labels.sum(1).tolist()}: the shares of a video must be 0 or more and add up to 1.'
            )
    elif not 0 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(
            f'a batch has labels {labels.min()} to {labels.max()}, but num_classes={num_classes} has the '
            f'classes 0 to {num_classes - 1}. Remedy: use a list with such labels, or another num_classes.'
        )
