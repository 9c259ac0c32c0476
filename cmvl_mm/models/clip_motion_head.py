"""A pretext task of ours: a whole clip finds the motion that follows it, as it finds its I-frame in eq. (1).

Eq. (2) trains single points of the predicted map. Retrieval reads the average over all points of the clip's map, which
eq. (2) does not train directly.
"""

from typing import Any, Literal

from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.gather import RowGradient, mean_over_valid
from cmvl_mm.models.head_parts import own_channels, points, require_channels
from cmvl_mm.models.heads import PointwiseInfoNCEHead
from cmvl_mm.models.projection import ProjectionMLP


@MODELS.register_module()
class ClipMotionHead(PointwiseInfoNCEHead):
    """Eq. (2), and eq. (1) with motion in the place of the I-frame: J = (1 - alpha) J_I + alpha J_M + beta J_C.

    J_C: a clip's average feature finds the average of the M-Network's map of its true future, among the averages of
    all clips of all ranks. The other windows of the same video are not negatives here, as their motion is similar.
    Both losses share the M-Network; each has its own projections.

    Args:
        in_channels: C1 of the video map, or of `channels`.
        clip_weight: beta, > 0.
        predictor, m_network, loss_weight, channels: as in `PointwiseInfoNCEHead`.
        hidden_channels, embed_channels, output_norm: settings of all four projections, see `ProjectionMLP`.
        temperature, key_gradient, loss: as in `PointwiseInfoNCEHead`, for both losses; J_C has one point and one
            window.

    Raises:
        ValueError: clip_weight <= 0.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        predictor: dict[str, Any] | nn.Module,
        m_network: dict[str, Any] | nn.Module,
        clip_weight: float = 0.5,
        hidden_channels: int = 2048,
        embed_channels: int = 512,
        output_norm: Literal['batch', 'none'] = 'batch',
        temperature: float | None = None,
        loss_weight: float = 0.5,
        key_gradient: RowGradient | None = None,
        loss: dict[str, Any] | nn.Module | None = None,
        channels: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(
            predictor=predictor,
            m_network=m_network,
            hidden_channels=hidden_channels,
            embed_channels=embed_channels,
            output_norm=output_norm,
            temperature=temperature,
            loss_weight=loss_weight,
            key_gradient=key_gradient,
            loss=loss,
            channels=channels,
        )
        if not clip_weight > 0:
            raise ValueError(
                f'clip_weight={clip_weight} must be > 0. Remedy: to train without it, use PointwiseInfoNCEHead.'
            )
        self.clip_weight = clip_weight
        self.clip_query_projection, self.clip_key_projection = (
            ProjectionMLP(width, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm=output_norm)
            for width in (in_channels, self.key_projection.fc1.in_features)
        )

    def embed_clips(self, video_map: Tensor, actual: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C1, T1, H1, W1), (B, K, C, T3, H3, W3) of `maps` -> query (B, D), key (B, D) of window 0.

        Raises:
            ValueError: the head was built for another number of channels.
        """
        clips = own_channels(video_map, self.channels).mean((2, 3, 4))
        require_channels(f'model.{self.target}_head', self.clip_query_projection.fc1.in_features, clips.shape[1])
        return self.clip_query_projection(clips), self.clip_key_projection(actual[:, 0].mean((2, 3, 4)))

    def loss(self, video_map: Tensor, motion: Tensor, valid: Tensor | None = None) -> dict[str, Tensor]:
        """`loss_motion` and `acc_motion` of eq. (2); `loss_clip_motion`, weighted, and `acc_clip_motion`: the share of
        clips that find their own future. The arguments are those of `PointwiseInfoNCEHead.loss`.
        """
        predicted, actual = self.maps(video_map, motion)
        keys = self.key_projection(points(actual.flatten(0, 1))).unflatten(0, motion.shape[:2])
        loss, hits = self.criterion.with_hits(self.query_projection(points(predicted)), keys, valid)
        query, key = self.embed_clips(video_map, actual)
        clip_loss, clip_hits = self.criterion.with_hits(query[:, None], key[:, None, None], valid)
        return {
            'loss_motion': self.loss_weight * loss,
            'acc_motion': mean_over_valid(hits.float().mean(1), valid),
            'loss_clip_motion': self.clip_weight * clip_loss,
            'acc_clip_motion': mean_over_valid(clip_hits.float().mean(1), valid),
        }
