"""The tasks: match the context (eq. 1), predict the motion (eq. 2), classify. Each owns what only it needs.

Eq. (3), J = (1 - alpha) J_I + alpha J_M, is the two pretext heads' `loss_weight`: 1 - alpha and alpha. A third
task, ours, is in `residual_head`.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.feature_maps import CLIPS, extract
from cmvl_mm.models.gather import RowGradient, mean_over_ranks, mean_over_valid
from cmvl_mm.models.labels import require_labels
from cmvl_mm.models.losses import TEMPERATURE, InfoNCELoss, PointwiseInfoNCELoss
from cmvl_mm.models.projection import ProjectionMLP


def build(part: dict[str, Any] | nn.Module) -> Any:
    """A module from its config; a module that is built already passes."""
    return part if isinstance(part, nn.Module) else MODELS.build(part)


def contrastive_loss(
    loss: dict[str, Any] | nn.Module | None,
    default: type[InfoNCELoss] | type[PointwiseInfoNCELoss],
    temperature: float | None,
    key_gradient: RowGradient | None,
) -> Any:
    """The loss that a config chose, or the default one, the paper's, with the head's settings.

    Raises:
        ValueError: the config gives settings both to the head and to a loss of its own.
        TypeError: the loss has no `with_hits`.
    """
    if loss is None:
        return default(
            temperature=TEMPERATURE if temperature is None else temperature,
            key_gradient='exact' if key_gradient is None else key_gradient,
        )
    if temperature is not None or key_gradient is not None:
        raise ValueError(
            f'{temperature=} and {key_gradient=} belong to the default loss, but loss={loss!r} is given. '
            'Remedy: set both to None and give the loss its own.'
        )
    chosen = build(loss)
    if not hasattr(chosen, 'with_hits'):
        raise TypeError(f'{type(chosen).__name__} has no with_hits(query, key), as {default.__name__} has it')
    return chosen


def points(x: Tensor) -> Tensor:
    """(N, C, T, H, W) -> (N, T*H*W, C)."""
    return x.flatten(2).transpose(1, 2)


def own_channels(video_map: Tensor, channels: tuple[int, int] | None) -> Tensor:
    """The channels [first, end) of the map that a task has for itself; with None it sees all.

    Raises:
        ValueError: the map has no such channels.
    """
    if channels is None:
        return video_map
    first, end = channels
    if not 0 <= first < end <= video_map.shape[1]:
        raise ValueError(f'channels={channels} of a video map with {video_map.shape[1]} channels')
    return video_map[:, first:end]


def require_channels(head: str, expected: int, given: int) -> None:
    """Name the key of the config instead of two shapes that cannot be multiplied.

    Raises:
        ValueError: the head was built for another width than it gets.
    """
    if expected != given:
        raise ValueError(
            f'{head}.in_channels={expected}, and the network before it gives {given} channels. '
            f'Remedy: {head}.in_channels={given}.'
        )


@MODELS.register_module()
class ContextMatchingHead(nn.Module):
    """Eq. (1): a clip's average feature finds the I-frame next to it.

    Args:
        in_channels: C1 of the video map, or of the channels below.
        i_network: the I-Network, e.g. `dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1),
            convolution='2d')`.
        hidden_channels, embed_channels, output_norm: of the two projections, see `ProjectionMLP`.
        temperature, key_gradient: of the default loss, `InfoNCELoss`; None leaves 0.1 and 'exact',
            'per_rank' is the release's.
        loss_weight: 1 - alpha of eq. (3).
        loss: another loss in place of `InfoNCELoss`, with the same `with_hits`; it brings its own settings.
        channels: [first, end) of the video map that this task sees and trains, so that each task can have some for
            itself (ours, not the paper's: there both tasks share all).
    """

    def __init__(
        self,
        *,
        in_channels: int,
        i_network: dict[str, Any] | nn.Module,
        hidden_channels: int = 2048,
        embed_channels: int = 512,
        output_norm: Literal['batch', 'none'] = 'batch',
        temperature: float | None = None,
        loss_weight: float = 0.5,
        key_gradient: RowGradient | None = None,
        loss: dict[str, Any] | nn.Module | None = None,
        channels: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.loss_weight, self.channels = loss_weight, channels
        self.criterion = contrastive_loss(loss, InfoNCELoss, temperature, key_gradient)
        self.i_network = build(i_network)
        self.query_projection, self.key_projection = (
            ProjectionMLP(
                channels,
                hidden_channels=hidden_channels,
                out_channels=embed_channels,
                output_norm=output_norm,
            )
            for channels in (in_channels, self.i_network.out_channels)
        )

    def embed(self, video_map: Tensor, iframe: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C1, T1, H1, W1), (B, 3, H, W) -> query (B, D), key (B, D), not normalised."""
        video_map = own_channels(video_map, self.channels)
        require_channels('model.context_head', self.query_projection.fc1.in_features, video_map.shape[1])
        pictures = extract(self.i_network, iframe.unsqueeze(2), CLIPS, 'model.context_head.i_network')
        return (
            self.query_projection(video_map.mean((2, 3, 4))),
            self.key_projection(pictures.pooled()),
        )

    def loss(self, video_map: Tensor, iframe: Tensor) -> dict[str, Tensor]:
        """`loss_context`, weighted, and `acc_context`: the share of clips that find their own I-frame."""
        query, key = self.embed(video_map, iframe)
        loss, hits = self.criterion.with_hits(query, key)
        return {'loss_context': self.loss_weight * loss, 'acc_context': mean_over_ranks(hits.float().mean())}


@MODELS.register_module()
class PointwiseInfoNCEHead(nn.Module):
    """Eq. (2): the motion predicted at every point (x, y, t) finds the motion that really followed there.

    Args:
        predictor: video map -> motion map, e.g. `dict(type='TransformerPredictor', in_channels=512)`.
        m_network: the M-Network, e.g. `dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1),
            in_channels=2, stem_stride=(1, 1, 1))`. Its map must have the predictor's (T3, H3, W3).
        hidden_channels, embed_channels, output_norm: of the two projections, see `ProjectionMLP`.
        temperature, key_gradient: of the default loss, `PointwiseInfoNCELoss`; None leaves 0.1 and 'exact',
            'per_rank' is the release's.
        loss_weight: alpha of eq. (3).
        loss: another loss in place of `PointwiseInfoNCELoss`, with the same `with_hits`; it brings its own settings.
        channels: [first, end) of the video map that this task sees and trains, so that each task can have some for
            itself (ours, not the paper's: there both tasks share all).
    """

    target = 'motion'
    """In the names of losses and of the model's head."""
    network_name = 'm_network'
    """Of the module that embeds the target."""

    def __init__(
        self,
        *,
        predictor: dict[str, Any] | nn.Module,
        m_network: dict[str, Any] | nn.Module,
        hidden_channels: int = 2048,
        embed_channels: int = 512,
        output_norm: Literal['batch', 'none'] = 'batch',
        temperature: float | None = None,
        loss_weight: float = 0.5,
        key_gradient: RowGradient | None = None,
        loss: dict[str, Any] | nn.Module | None = None,
        channels: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.loss_weight, self.channels = loss_weight, channels
        self.criterion = contrastive_loss(loss, PointwiseInfoNCELoss, temperature, key_gradient)
        self.predictor = build(predictor)
        network = build(m_network)
        self.add_module(self.network_name, network)
        self.query_projection, self.key_projection = (
            ProjectionMLP(
                channels,
                hidden_channels=hidden_channels,
                out_channels=embed_channels,
                output_norm=output_norm,
            )
            for channels in (self.predictor.out_channels, network.out_channels)
        )

    def embed(self, video_map: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C1, T1, H1, W1), (B, K, 2, T, H, W) -> query (B, N, D), key (B, K, N, D), not normalised.

        All windows pass the M-Network at once: its batch-norms see positives and negatives alike.

        Raises:
            ValueError: prediction and M-Network do not have the same points.
        """
        head = f'model.{self.target}_head'
        network = self.get_submodule(self.network_name)
        predicted = self.predictor(own_channels(video_map, self.channels))  # (B, D, T3, H3, W3)
        windows = extract(network, motion.flatten(0, 1), CLIPS, f'{head}.{self.network_name}')
        actual = windows.last_map(head, instead=f'{head}=None')  # (B*K, C, T3, H3, W3)
        if predicted.shape[2:] != actual.shape[2:]:
            raise ValueError(
                f'{head}: the predictor gives {tuple(predicted.shape[2:])} points (T, H, W), {self.network_name} '
                f'{tuple(actual.shape[2:])}. Remedy: adapt query_size or stage_strides.'
            )
        key = self.key_projection(points(actual))  # (B*K, N, D)
        return self.query_projection(points(predicted)), key.unflatten(0, motion.shape[:2])

    def loss(self, video_map: Tensor, motion: Tensor, valid: Tensor | None = None) -> dict[str, Tensor]:
        """`loss_motion`, weighted, and `acc_motion`: the share of points that find their own future.

        Args:
            video_map: (B, C1, T1, H1, W1).
            motion: (B, K, 2, T, H, W), window 0 the positive.
            valid: (B,) bool, False where the video ends before its positive window does; None where none does.
        """
        query, key = self.embed(video_map, motion)
        loss, hits = self.criterion.with_hits(query, key, valid)
        accuracy = mean_over_valid(hits.float().mean(1), valid)
        return {f'loss_{self.target}': self.loss_weight * loss, f'acc_{self.target}': accuracy}


@MODELS.register_module()
class ClassificationHead(nn.Module):
    """Dropout and a linear layer on the average of the last stage's map.

    Args:
        num_classes: of the data set; labels are 0 to num_classes - 1.
        in_channels: C of the last stage.
        dropout: 0.3 in the paper.
        loss_weight: of the cross-entropy.
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
        """`loss_cls`, weighted, and `acc_cls`, the top-1 accuracy on this rank's batch.

        Args:
            features: (B, C).
            labels: (B,), classes; or (B, num_classes), shares of the classes, which Mixup and CutMix make. Their loss
                is the cross-entropy with the shares, and a video counts as right by its largest one. From the host
                they follow the features once they have been looked at: on a GPU a wrong one ends the process.

        Raises:
            ValueError: labels of another shape; or, where asking costs nothing, on a CPU: of no class, or shares that
                do not add up to 1.
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
