"""The finetuning task: classify a clip by the average of the last stage's map."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.models.head_parts import require_channels
from cmvl_mm.models.labels import require_labels


@MODELS.register_module()
class ClassificationHead(nn.Module):
    """Dropout and a linear layer on the average of the last stage's map.

    Args:
        num_classes: number of classes of the data set; labels are 0 to num_classes - 1.
        in_channels: C of the last stage.
        dropout: dropout rate, 0.3 in the paper.
        loss_weight: weight of the cross-entropy.
    """

    def __init__(self, *, num_classes: int, in_channels: int, dropout: float = 0.3, loss_weight: float = 1.0) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f'num_classes={num_classes} must be at least 1: the classes of the list.')
        self.num_classes, self.loss_weight = num_classes, loss_weight
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.fc.weight, std=0.01)
        nn.init.zeros_(self.fc.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C) -> scores (B, num_classes), before the softmax."""
        require_channels('model.cls_head', self.fc.in_features, features.shape[1])
        return self.fc(self.dropout(features))

    def loss(self, features: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The weighted loss `loss_cls`, and `acc_cls`, the top-1 accuracy on this rank's batch.

        Args:
            features: (B, C).
            labels: (B,) classes, or (B, num_classes) class shares, which Mixup and CutMix make. With shares, the loss
                is the cross-entropy with them, and the class of the largest share counts as the true one. Pass labels
                on the host: they are checked there and then moved. On a GPU a wrong label ends the process.

        Raises:
            ValueError: the labels have another shape. For labels on a CPU, where the check needs no synchronisation:
                a label is no class, or shares do not add up to 1.
        """
        require_labels(labels, len(features), self.num_classes)
        labels = labels.to(features.device, non_blocking=True)
        scores = self(features)
        if labels.is_floating_point():
            exact = torch.promote_types(scores.dtype, torch.float32)  # autocast would round the shares
            scores, labels = scores.to(exact), labels.to(exact)
        hits = scores.argmax(1) == (labels.argmax(1) if labels.is_floating_point() else labels)
        return {
            'loss_cls': self.loss_weight * F.cross_entropy(scores, labels),
            'acc_cls': hits.float().mean(),
        }

    @torch.no_grad()
    def predict(self, features: Tensor, clips: int) -> Tensor:
        """(B * clips, C) -> (B, num_classes): softmax per clip, then the mean (`average_clips='prob'`)."""
        return self(features).float().softmax(1).unflatten(0, (-1, clips)).mean(1)
