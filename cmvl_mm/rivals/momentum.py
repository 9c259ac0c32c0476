"""Keys from a momentum copy of the trained network, and a queue of the keys of earlier batches."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cmvl_mm.models.backbone_layout import Layout
from cmvl_mm.models.feature_maps import extract
from cmvl_mm.models.gather import gather_rows
from cmvl_mm.models.projection import ProjectionMLP

from .encode import Network, PretextHead


class MomentumTwin(nn.Module):
    """A copy of networks whose weights are an exponential moving average of the original weights.

    In training its batch norms use the statistics of the batch, as in the official codes of MoCo, VTDL and DSM. With
    averaged statistics in their place, keys depend on their age for most of a short training, and the age alone tells
    a key from those in the queue. MoCo also shuffles batches over GPUs, so that a key does not reveal its batch; this
    is left out here: keys of a batch were not seen to be nearer to its queries than keys in the queue.

    Args:
        networks: the networks to copy.
        momentum: share of the old weights that is kept; the first call of `follow` copies all weights.
    """

    follows: Tensor

    def __init__(self, networks: nn.Module, momentum: float) -> None:
        super().__init__()
        self.networks = copy.deepcopy(networks).requires_grad_(False)
        self.momentum = momentum
        self.register_buffer('follows', torch.tensor(0.0))  # 1 after the first update

    @torch.no_grad()
    def follow(self, networks: nn.Module) -> None:
        """Move the weights towards those of the networks; buffers stay the copy's own."""
        share = 1 - self.momentum * self.follows
        for mine, theirs in zip(self.networks.parameters(), networks.parameters(), strict=True):
            mine.lerp_(theirs, share.to(mine.dtype))
        self.follows.fill_(1.0)


class KeyQueue(nn.Module):
    """The last `size` keys of all ranks; the oldest are replaced first, and the initial keys are random.

    Args:
        size: number of keys.
        channels: D of a key.
    """

    keys: Tensor
    next: Tensor

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f'queue_size={size} must be at least 1')
        self.register_buffer('keys', F.normalize(torch.randn(size, channels), dim=1))
        self.register_buffer('next', torch.zeros((), dtype=torch.long))  # position of the oldest key

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Add the keys of all ranks; `keys` (B, D) are those of this rank."""
        keys = gather_rows(keys.detach().to(self.keys.dtype))[-len(self.keys) :]
        places = (self.next + torch.arange(len(keys), device=keys.device)) % len(self.keys)
        self.keys.index_copy_(0, places, keys)
        self.next.add_(len(keys)).remainder_(len(self.keys))


def key_nce(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float, own: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Each query finds its key among the shared negatives and the negatives of its own video.

    Args:
        query, key: (B, D), of length 1.
        negatives: (Q, D), of length 1.
        temperature: temperature of the softmax.
        own: (B, M, D), of length 1, further negatives of each query.

    Returns:
        The mean cross-entropy, and the share of queries whose key beats all negatives.
    """
    logits = [(query * key).sum(1, keepdim=True), query @ negatives.T]
    if own is not None:
        logits.append(torch.einsum('bd,bmd->bm', query, own))
    scores = torch.cat(logits, dim=1).float() / temperature
    loss = F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long, device=scores.device))
    return loss, (scores[:, 0] > scores[:, 1:].amax(1)).float().mean()


class MomentumContrastHead(PretextHead):
    """Base class of MoCo, VTDL and DSM: a projection, momentum copies of projection and backbone, and the queue.

    Subclasses set `clips`, the number of clips per video; one of them is the key.

    Args:
        in_channels: C of the network's last map.
        hidden_channels, embed_channels: widths of the projection.
        momentum: momentum of the copies.
        queue_size: number of negatives from earlier batches.
        temperature: temperature of the softmax.
    """

    clips: int

    def __init__(
        self,
        *,
        in_channels: int,
        hidden_channels: int = 512,
        embed_channels: int = 128,
        momentum: float = 0.999,
        queue_size: int = 5000,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        if not 0 <= momentum < 1:
            raise ValueError(f'momentum={momentum} is not in 0 ... 1')
        self.momentum, self.temperature = momentum, temperature
        self.projection = ProjectionMLP(
            in_channels, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm='none'
        )
        self.queue = KeyQueue(queue_size, embed_channels)

    def frames_with_gradient(self, frames: int) -> int:
        """One clip of each video passes the copy, without a gradient."""
        return frames - frames // self.clips

    def attach(self, backbone: nn.Module, layout: Layout) -> None:
        """Make the momentum copies; the recognizer calls this once."""
        self.layout = layout
        self.trained = (backbone,)  # in a tuple, so that it is a submodule of the recognizer only
        self.backbone_twin = MomentumTwin(backbone, self.momentum)
        self.projection_twin = MomentumTwin(self.projection, self.momentum)

    def queries(self, network: Network, clips: Tensor) -> Tensor:
        """Clips (N, 3, T, H, W) -> queries (N, D) of length 1, with gradients."""
        return F.normalize(self.projection(network(clips).pooled()).float(), dim=1)

    @torch.no_grad()
    def keys(self, clips: Tensor) -> Tensor:
        """Clips (N, 3, T, H, W) -> keys (N, D) of length 1 from the momentum copies, which are updated first."""
        self.backbone_twin.follow(self.trained[0])
        self.projection_twin.follow(self.projection)
        features = extract(self.backbone_twin.networks, clips, self.layout, 'model.pretext_head.backbone_twin')
        return F.normalize(self.projection_twin.networks(features.pooled()).float(), dim=1)

    def contrast(self, query: Tensor, key: Tensor, own: Tensor | None = None) -> dict[str, Tensor]:
        """`loss_instance` and `acc_instance`; then the keys join the queue."""
        loss, hits = key_nce(query, key, self.queue.keys.clone(), self.temperature, own)
        self.queue.push(key)
        return dict(loss_instance=loss, acc_instance=hits)
