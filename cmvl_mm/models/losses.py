"""The two contrastive losses of the paper, eq. (1) and eq. (2), as functions and as registered modules.

Huang et al., Self-supervised Video Representation Learning by Context and Motion Decoupling, CVPR 2021,
https://openaccess.thecvf.com/content/CVPR2021/html/Huang_Self-Supervised_Video_Representation_Learning_by_Context_and_Motion_Decoupling_CVPR_2021_paper.html
The full matrix of logits never exists, see `chunked_info_nce`.
"""

from typing import get_args

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.chunked_info_nce import RowChunkedInfoNCE
from cmvl_mm.models.gather import RowGradient, gather_rows, mean_over_ranks, rank, world_size
from cmvl_mm.models.unit_rows import unit_rows

TEMPERATURE = 0.1
"""Temperature of the authors' release; the paper prints none."""
ROWS_PER_CHUNK = 256  # number of queries whose logits exist at a time: 12 MiB at the paper's 12,544 keys
MASKED = -1e30  # logit of masked keys; finite, so that a row with masked keys only is not NaN


def pointwise_info_nce(
    query: Tensor,
    key: Tensor,
    temperature: float,
    *,
    valid: Tensor | None = None,
    key_gradient: RowGradient = 'exact',
    rows_per_chunk: int = ROWS_PER_CHUNK,
) -> tuple[Tensor, Tensor]:
    """Eq. (2): each predicted point finds its own true future among all points of all windows and ranks.

    B: videos of this rank, K: motion windows of a video (window 0 is the true future), N: points (x, y, t) of
    a window, D: channels. The function L2-normalises its inputs and computes in at least float32, in autocast too.

    Args:
        query: (B, N, D). Its positive is the key of the same video and point in window 0.
        key: (B, K, N, D). The keys of all ranks are negatives, B * K * N times the number of ranks in total.
        temperature: temperature of the softmax over keys, > 0.
        valid: (B,) bool, the videos that have a future; others are neither queries nor keys. None: all have one.
        key_gradient: 'exact', or 'per_rank', which divides the gradient of the keys by the number of ranks, as the
            authors' release does: more ranks then train the key networks less. With one rank both are equal.
        rows_per_chunk: number of queries whose logits exist at a time; changes memory, not the result.

    Returns:
        The loss, a scalar, is the mean over the queries of all ranks. Its gradients equal those of one process on the
        joined batch after DistributedDataParallel has averaged them (with 'per_rank' this holds for the queries only).
        The hits, (B, N) bool, mark this rank's queries whose positive beats every other key; False in invalid videos.

    Raises:
        ValueError: the shapes do not match, ranks hold different batches, or temperature <= 0.
    """
    _check_temperature(temperature)
    if query.ndim != 3 or key.ndim != 4 or key.shape != (len(query), key.shape[1], *query.shape[1:]):
        raise ValueError(f'expected query (B, N, D) and key (B, K, N, D), got {query.shape=} and {key.shape=}')
    videos, points, _ = query.shape
    windows = key.shape[1]
    with torch.autocast(query.device.type, enabled=False):
        queries = unit_rows(_at_least_float32(query)).flatten(0, 1)  # (B*N, D)
        keys = gather_rows(unit_rows(_at_least_float32(key)), key_gradient).flatten(0, 2)  # (W*B*K*N, D)
        video = torch.arange(videos, device=query.device) + rank() * videos
        positive = video[:, None] * windows * points + torch.arange(points, device=query.device)  # (B, N)
        weight, penalty = queries.new_full((videos,), 1 / max(videos * points, 1)), None
        if valid is not None:
            # masked, not cut out: the number of valid videos is never read from the device
            everyone = gather_rows(valid.to(keys.dtype))  # (W*B,)
            weight = valid / (everyone.sum() / world_size() * points).clamp(min=1 / world_size())
            penalty = ((1 - everyone) * MASKED).repeat_interleave(windows * points)
        form_gradients = queries.requires_grad or keys.requires_grad
        loss, hits = RowChunkedInfoNCE.apply(
            queries,
            keys,
            positive.flatten(),
            weight.repeat_interleave(points),
            penalty,
            temperature,
            rows_per_chunk,
            form_gradients,
        )
        hits = hits.view(videos, points)
        return mean_over_ranks(loss), hits if valid is None else hits & valid[:, None]


def info_nce(
    query: Tensor, key: Tensor, temperature: float, *, key_gradient: RowGradient = 'exact'
) -> tuple[Tensor, Tensor]:
    """Eq. (1): each clip finds its own I-frame among those of all clips and ranks.

    This is the pointwise loss with one point and one window: query (B, D), key (B, D) -> loss, hits (B,) bool.
    See `pointwise_info_nce` for `key_gradient`.
    """
    if query.ndim != 2 or query.shape != key.shape:
        raise ValueError(f'expected query and key of one shape (B, D), got {query.shape=} and {key.shape=}')
    loss, hits = pointwise_info_nce(query[:, None], key[:, None, None], temperature, key_gradient=key_gradient)
    return loss, hits[:, 0]


@MODELS.register_module()
class InfoNCELoss(nn.Module):
    r"""Context matching, eq. (1), as a module: each clip finds its own I-frame.

        J_I = -1/M  sum_i  log  exp(cos(x_i, z_i) / tau) / sum_j exp(cos(x_i, z_j) / tau)

    x_i is the embedded clip i, z_j the embedded I-frame j; i and j run over the M clips of all ranks (64 in the paper
    on UCF101, 512 on Kinetics-400), D = 512 channels.

    Args:
        temperature: tau > 0.
        key_gradient: see `pointwise_info_nce`.

    Shape: (B, D), (B, D) -> scalar, B clips of this rank.
    """

    def __init__(self, *, temperature: float = TEMPERATURE, key_gradient: RowGradient = 'exact') -> None:
        super().__init__()
        _check_temperature(temperature)
        _check_key_gradient(key_gradient)
        self.temperature = temperature
        self.key_gradient: RowGradient = key_gradient

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        return self.with_hits(query, key)[0]

    def with_hits(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and (B,) bool, the clips that find their own I-frame. `ContextMatchingHead` calls this."""
        return info_nce(query, key, self.temperature, key_gradient=self.key_gradient)


@MODELS.register_module()
class PointwiseInfoNCELoss(nn.Module):
    r"""Motion prediction, eq. (2), as a module: each predicted point finds its own true future.

        J_M = -1/(M N)  sum_i sum_p  log  exp(cos(x_ip, z_i0p) / tau) / sum_j sum_k sum_q exp(cos(x_ip, z_jkq) / tau)

    x_ip is the motion predicted for video i at point p = (x, y, t), z_jkq the embedded motion of video j in window k
    at point q; window 0 is the true future, the others are hard negatives of the same video. In the paper on UCF101:
    M = 64 videos on all ranks, 4 windows, N = 49 points, so 3136 queries, 12,544 keys; D = 512 channels.

    Args:
        temperature: tau > 0.
        key_gradient, rows_per_chunk: see `pointwise_info_nce`.

    Shape: (B, N, D), (B, K, N, D) -> scalar, B videos of this rank, K windows.
    """

    def __init__(
        self,
        *,
        temperature: float = TEMPERATURE,
        key_gradient: RowGradient = 'exact',
        rows_per_chunk: int = ROWS_PER_CHUNK,
    ) -> None:
        super().__init__()
        _check_temperature(temperature)
        _check_key_gradient(key_gradient)
        if rows_per_chunk < 1:
            raise ValueError(f'rows_per_chunk must be at least 1, got {rows_per_chunk}')
        self.temperature, self.rows_per_chunk = temperature, rows_per_chunk
        self.key_gradient: RowGradient = key_gradient

    def forward(self, query: Tensor, key: Tensor, valid: Tensor | None = None) -> Tensor:
        return self.with_hits(query, key, valid)[0]

    def with_hits(self, query: Tensor, key: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The loss and (B, N) bool, the points that find their own future. `PointwiseInfoNCEHead` calls this."""
        return pointwise_info_nce(
            query,
            key,
            self.temperature,
            valid=valid,
            key_gradient=self.key_gradient,
            rows_per_chunk=self.rows_per_chunk,
        )


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise ValueError(
            f'temperature must be > 0, got {temperature}. Remedy: set 0.1 as in the release; the paper has none.'
        )


def _check_key_gradient(key_gradient: RowGradient) -> None:
    if key_gradient not in get_args(RowGradient):
        raise ValueError(f'key_gradient={key_gradient!r} is unknown. Supported: {", ".join(get_args(RowGradient))}')


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
