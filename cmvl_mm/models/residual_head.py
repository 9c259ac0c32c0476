"""A third pretext task, ours: predict the residual, which motion does not explain (the paper's future work)."""

from typing import Any, Literal

from mmaction.registry import MODELS
from torch import nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.gather import RowGradient
from cmvl_mm.models.heads import PointwiseInfoNCEHead


@MODELS.register_module()
class ResidualInfoNCEHead(PointwiseInfoNCEHead):
    """Eq. (2) with residual energy in place of motion, and its own predictor, network, projections and weight.

    The residual predicted at every point (x, y, t) finds the actual future residual at this point, among all points of
    all windows of all videos; the other windows of the same video are hard negatives. J = (1 - alpha) J_I +
    alpha J_M + beta J_R.

    Args:
        predictor: video map -> residual map, as in `PointwiseInfoNCEHead`.
        r_network: the R-Network, e.g. an M-Network's settings: residual maps also have two channels, energy and mask.
        hidden_channels, embed_channels, output_norm, temperature, key_gradient, loss, channels: as in
            `PointwiseInfoNCEHead`.
        loss_weight: beta.

    `loss` takes residual maps (B, K, 2, T, H, W) as motion, and gives `loss_residual` and `acc_residual`.
    """

    target = 'residual'
    network_name = 'r_network'

    def __init__(
        self,
        *,
        predictor: dict[str, Any] | nn.Module,
        r_network: dict[str, Any] | nn.Module,
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
            m_network=r_network,
            hidden_channels=hidden_channels,
            embed_channels=embed_channels,
            output_norm=output_norm,
            temperature=temperature,
            loss_weight=loss_weight,
            key_gradient=key_gradient,
            loss=loss,
            channels=channels,
        )
