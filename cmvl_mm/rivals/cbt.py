"""CBT, only the visual part: a transformer recovers a masked window of the video from the other windows.

Sun et al., Learning video representations using contrastive bidirectional transformer, 2019. There is no official code:
everything here follows common descriptions of the paper and is unverified. The cross-modal part needs speech. The
paper's video network is pretrained separately; here it learns with the transformer from the start.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.losses import pointwise_info_nce

from .encode import Network, PretextHead, encode_all
from .recognizer import Labels


def masked_first(windows: Tensor, masked: Tensor) -> Tensor:
    """(B, K, D), (B,) -> (B, K, D): rotate each video's windows so that the masked one comes first."""
    count = windows.shape[1]
    order = (masked[:, None] + torch.arange(count, device=windows.device)) % count
    return windows.gather(1, order[..., None].expand_as(windows))


@MODELS.register_module()
class CBTHead(PretextHead):
    """Mask one window per video, drawn by torch; the transformer's prediction finds it among all windows of the batch.

    Args:
        in_channels: C of the network's last map.
        windows: number K of windows per video.
        width, layers, heads: size of the transformer.
        dropout: dropout rate in the transformer.
        temperature: temperature of the softmax over all windows of the batch.

    Clips through the network: K per video.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        windows: int = 4,
        width: int = 512,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.project = nn.Linear(in_channels, width)
        self.mask = nn.Parameter(torch.randn(width))
        self.positions = nn.Parameter(torch.randn(windows, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers)
        self.recover = nn.Linear(width, width)

    def recovered(self, windows: Tensor, masked: Tensor) -> Tensor:
        """(B, K, D), (B,) -> (B, D): the transformer's prediction of the masked window, which it does not see."""
        hidden = torch.arange(windows.shape[1], device=windows.device) == masked[:, None]  # (B, K)
        seen = torch.where(hidden[..., None], self.mask, windows) + self.positions
        videos = torch.arange(len(windows), device=windows.device)
        return self.recover(self.transformer(seen)[videos, masked])

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_masked` and `acc_masked`; clips are the windows (B, K, 3, T, H, W)."""
        windows = self.project(encode_all(network, clips))
        masked = torch.randint(0, windows.shape[1], (len(windows),), device=windows.device)
        query = self.recovered(windows, masked)
        keys = masked_first(windows, masked)[:, :, None]  # (B, K, 1, D), the masked window first
        loss, hits = pointwise_info_nce(query[:, None], keys, self.temperature)
        return dict(loss_masked=loss, acc_masked=hits.float().mean())
