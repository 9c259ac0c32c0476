"""The two pretext tasks: match the context (eq. 1), predict the motion (eq. 2). Each head owns its networks.

Eq. (3), J = (1 - alpha) J_I + alpha J_M, is the heads' `loss_weight`: 1 - alpha and alpha. A third task, ours, is in
`residual_head`.
"""

from typing import Any, Literal

from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.models.feature_maps import CLIPS, extract
from cmvl_mm.models.gather import RowGradient, mean_over_ranks, mean_over_valid
from cmvl_mm.models.head_parts import build, contrastive_loss, own_channels, points, require_channels
from cmvl_mm.models.losses import InfoNCELoss, PointwiseInfoNCELoss
from cmvl_mm.models.projection import ProjectionMLP


@MODELS.register_module()
class ContextMatchingHead(nn.Module):
    """Eq. (1): a clip's average feature finds the I-frame next to it.

    Args:
        in_channels: C1 of the video map, or the number of `channels`.
        i_network: the I-Network, e.g. `dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1),
            convolution='2d')`.
        hidden_channels, embed_channels, output_norm: settings of the two projections, see `ProjectionMLP`.
        temperature, key_gradient: settings of the default loss, `InfoNCELoss`; None means 0.1 and 'exact',
            the release uses 'per_rank'.
        loss_weight: 1 - alpha of eq. (3).
        loss: another loss in place of `InfoNCELoss`, with the same `with_hits` and its own settings.
        channels: [first, end) of the video map that this task sees and trains, so that each task can have its own
            channels (ours; in the paper both tasks share all channels).
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
        """The weighted `loss_context`, and `acc_context`: the share of clips that find their own I-frame."""
        query, key = self.embed(video_map, iframe)
        loss, hits = self.criterion.with_hits(query, key)
        return {'loss_context': self.loss_weight * loss, 'acc_context': mean_over_ranks(hits.float().mean())}


@MODELS.register_module()
class PointwiseInfoNCEHead(nn.Module):
    """Eq. (2): the motion predicted at every point (x, y, t) finds the actual future motion at this point.

    Args:
        predictor: video map -> motion map, e.g. `dict(type='TransformerPredictor', in_channels=512)`.
        m_network: the M-Network, e.g. `dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1),
            in_channels=2, stem_stride=(1, 1, 1))`. Its map must have the predictor's (T3, H3, W3).
        hidden_channels, embed_channels, output_norm: settings of the two projections, see `ProjectionMLP`.
        temperature, key_gradient: settings of the default loss, `PointwiseInfoNCELoss`; None means 0.1 and 'exact',
            the release uses 'per_rank'.
        loss_weight: alpha of eq. (3).
        loss: another loss in place of `PointwiseInfoNCELoss`, with the same `with_hits` and its own settings.
        channels: [first, end) of the video map that this task sees and trains, so that each task can have its own
            channels (ours; in the paper both tasks share all channels).
    """

    target = 'motion'
    """The target's name, as in the names of the losses and of the model's head."""
    network_name = 'm_network'
    """Name of the module that embeds the target."""

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

        Raises:
            ValueError: the maps of predictor and M-Network do not have the same points.
        """
        predicted, actual = self.maps(video_map, motion)
        key = self.key_projection(points(actual.flatten(0, 1)))  # (B*K, N, D)
        return self.query_projection(points(predicted)), key.unflatten(0, motion.shape[:2])

    def maps(self, video_map: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C1, T1, H1, W1), (B, K, 2, T, H, W) -> predicted (B, D, T3, H3, W3), actual (B, K, C, T3, H3, W3).

        All windows pass the M-Network in one batch: its batch-norms see positives and negatives alike.

        Raises:
            ValueError: the maps of predictor and M-Network do not have the same points.
        """
        head = f'model.{self.target}_head'
        network = self.get_submodule(self.network_name)
        predicted = self.predictor(own_channels(video_map, self.channels))
        windows = extract(network, motion.flatten(0, 1), CLIPS, f'{head}.{self.network_name}')
        actual = windows.last_map(head, instead=f'{head}=None')  # (B*K, C, T3, H3, W3)
        if predicted.shape[2:] != actual.shape[2:]:
            raise ValueError(
                f'{head}: the predictor gives {tuple(predicted.shape[2:])} points (T, H, W), but {self.network_name} '
                f'gives {tuple(actual.shape[2:])}. Remedy: adapt query_size or stage_strides.'
            )
        return predicted, actual.unflatten(0, motion.shape[:2])

    def loss(self, video_map: Tensor, motion: Tensor, valid: Tensor | None = None) -> dict[str, Tensor]:
        """The weighted `loss_motion`, and `acc_motion`: the share of points that find their own future.

        Args:
            video_map: (B, C1, T1, H1, W1).
            motion: (B, K, 2, T, H, W); window 0 is the positive.
            valid: (B,) bool, False where the video ends before its positive window does; None if all are valid.
        """
        query, key = self.embed(video_map, motion)
        loss, hits = self.criterion.with_hits(query, key, valid)
        accuracy = mean_over_valid(hits.float().mean(1), valid)
        return {f'loss_{self.target}': self.loss_weight * loss, f'acc_{self.target}': accuracy}
