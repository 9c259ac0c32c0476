"""The embeddings that the pretext losses compare."""

from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor

from cmvl_mm.models.batch_inputs import take
from cmvl_mm.models.heads import PointwiseInfoNCEHead


class Embeddings(NamedTuple):
    """L2-normalised embeddings of the paper's two pretext tasks; None where the model has no head that embeds.

    B: videos, K: motion windows (0 is the true future), N: points T3*H3*W3, D: channels.
    """

    motion_query: Tensor | None  # (B, N, D)
    motion_key: Tensor | None  # (B, K, N, D)
    context_query: Tensor | None  # (B, D)
    context_key: Tensor | None  # (B, D)


def embedded(video_map: Tensor, inputs: dict[str, Tensor], motion_head: Any, context_head: Any) -> Embeddings:
    """The embeddings of the heads that embed.

    Args:
        video_map: map of the V-Network, as the pretext tasks see it.
        inputs: `motion` (B, K, 2, T, H, W) and `iframe` (B, 3, H, W), if their head needs them.
        motion_head: None, or a head without embeddings, gives None.
        context_head: likewise.
    """
    motion_pair: tuple[Tensor | None, Tensor | None] = (None, None)
    context_pair: tuple[Tensor | None, Tensor | None] = (None, None)
    if isinstance(motion_head, PointwiseInfoNCEHead):
        motion_pair = motion_head.embed(video_map, take(inputs, 'motion', 'motion_head'))
    if context_head is not None:
        context_pair = context_head.embed(video_map, take(inputs, 'iframe', 'context_head'))
    return Embeddings(*(x if x is None else F.normalize(x, dim=-1) for x in (*motion_pair, *context_pair)))
