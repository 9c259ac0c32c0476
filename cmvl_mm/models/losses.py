"""InfoNCE over clips (eq. 1) and over points of motion maps (eq. 2); the logits never exist whole."""

import torch
from torch import Tensor, nn

from cmvl_mm.models.gather import RowGradient, gather_rows, mean_over_ranks, rank, world_size
from cmvl_mm.models.unit_rows import unit_rows

ROWS_PER_CHUNK = 256  # logits of so many queries exist at a time: 12 MiB at the paper's 12,544 keys
FORBIDDEN = -1e30  # logit of a key that nobody may find; finite, so that no key at all is no NaN


class _RowChunkedInfoNCE(torch.autograd.Function):
    """Weighted sum over queries of -log softmax(q k^T / tau)[positive]; its gradients are formed in the forward pass.

    They, dq_i = w_i (E_softmax[k] - k_positive) / tau and its twin, are only scaled by what comes from above, so the
    backward pass computes nothing again. Memory beyond one chunk of logits: two gradients, as large as the inputs.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        query: Tensor,  # (P, D)
        key: Tensor,  # (M, D)
        positive: Tensor,  # (P,) int64: the key that belongs to each query
        weight: Tensor,  # (P,)
        penalty: Tensor | None,  # (M,), added to each key's logits
        temperature: float,
        rows_per_chunk: int,
        form_gradients: bool,
    ) -> tuple[Tensor, Tensor]:
        loss = query.new_zeros(())
        hits = torch.empty(len(query), dtype=torch.bool, device=query.device)
        grad_query = torch.empty_like(query) if form_gradients else None
        grad_key = torch.zeros_like(key) if form_gradients else None
        buffer = query.new_empty(min(rows_per_chunk, len(query)), len(key))  # the one large tensor
        for start in range(0, len(query), rows_per_chunk):
            rows = slice(start, start + rows_per_chunk)
            own, share = positive[rows, None], weight[rows, None]  # (R, 1)
            logits = torch.mm(query[rows] / temperature, key.T, out=buffer[: len(own)])  # (R, M)
            if penalty is not None:
                logits += penalty
            own_logit = logits.gather(1, own)  # (R, 1)
            best_other = logits.scatter_(1, own, -torch.inf).amax(1, keepdim=True)
            hits[rows] = (best_other < own_logit).squeeze(1)  # a tie is a miss: collapsed embeddings score 0
            highest = torch.maximum(best_other, own_logit)
            pull = logits.scatter_(1, own, own_logit).sub_(highest).exp_()
            total = pull.sum(1, keepdim=True)
            loss += ((highest - own_logit + total.log()) * share).sum()
            if grad_query is not None and grad_key is not None:
                pull.mul_(share / total).scatter_add_(1, own, -share)  # weighted softmax - one-hot
                grad_query[rows] = (pull @ key).div_(temperature)
                grad_key.addmm_(pull.T, query[rows], alpha=1 / temperature)
        if grad_query is not None and grad_key is not None:
            ctx.save_for_backward(grad_query, grad_key)
        ctx.mark_non_differentiable(hits)
        return loss, hits

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, grad_loss: Tensor, _: Tensor) -> tuple:
        grad_query, grad_key = ctx.saved_tensors  # type: ignore[attr-defined]
        return grad_query * grad_loss, grad_key * grad_loss, *[None] * 6


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
    a window, D: channels. Inputs are L2-normalised here; half precision becomes float32, in autocast too.

    Args:
        query: (B, N, D). Its positive is the key of the same video and point in window 0.
        key: (B, K, N, D). The keys of all ranks are negatives, B * K * N times the number of ranks in all.
        temperature: of the softmax over keys, > 0.
        valid: (B,) bool, the videos that have a future; the others neither ask nor answer. None: all have.
        key_gradient: 'exact', or 'per_rank', which divides what the keys get by the number of ranks, as the authors'
            release does: more ranks then train the key networks less. One rank knows no difference.
        rows_per_chunk: how many queries' logits exist at a time; changes memory, not the result.

    Returns:
        loss: scalar, the mean over the queries of all ranks; its gradients are those of one process on the
            joined batch once DistributedDataParallel has averaged them ('per_rank': those of the queries are).
        hits: (B, N) bool, this rank's queries whose positive beats every other key; False in videos that are not valid.

    Raises:
        ValueError: the shapes do not belong together, ranks hold different batches, or temperature <= 0.
    """
    _check_temperature(temperature)
    if query.ndim != 3 or key.ndim != 4 or key.shape != (len(query), key.shape[1], *query.shape[1:]):
        raise ValueError(f'need query (B, N, D) and key (B, K, N, D), got {query.shape=} and {key.shape=}')
    videos, points, _ = query.shape
    windows = key.shape[1]
    with torch.autocast(query.device.type, enabled=False):
        queries = unit_rows(_at_least_float32(query)).flatten(0, 1)  # (B*N, D)
        keys = gather_rows(unit_rows(_at_least_float32(key)), key_gradient).flatten(0, 2)  # (W*B*K*N, D)
        video = torch.arange(videos, device=query.device) + rank() * videos
        positive = video[:, None] * windows * points + torch.arange(points, device=query.device)  # (B, N)
        weight, penalty = queries.new_full((videos,), 1 / max(videos * points, 1)), None
        if valid is not None:
            # masked, not cut out: how many videos are valid is never asked of the device
            everyone = gather_rows(valid.to(keys.dtype))  # (W*B,)
            weight = valid / (everyone.sum() / world_size() * points).clamp(min=1 / world_size())
            penalty = ((1 - everyone) * FORBIDDEN).repeat_interleave(windows * points)
        form_gradients = queries.requires_grad or keys.requires_grad
        loss, hits = _RowChunkedInfoNCE.apply(
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

    The pointwise loss with one point and one window: query (B, D), key (B, D) -> loss, hits (B,) bool.
    See `pointwise_info_nce` for `key_gradient`.
    """
    if query.ndim != 2 or query.shape != key.shape:
        raise ValueError(f'expected query and key of one shape (B, D), got {query.shape=} and {key.shape=}')
    loss, hits = pointwise_info_nce(query[:, None], key[:, None, None], temperature, key_gradient=key_gradient)
    return loss, hits[:, 0]


class InfoNCELoss(nn.Module):
    """`info_nce` as a module: (B, D), (B, D) -> scalar."""

    def __init__(self, *, temperature: float = 0.1) -> None:
        super().__init__()
        _check_temperature(temperature)
        self.temperature = temperature

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        return info_nce(query, key, self.temperature)[0]


class PointwiseInfoNCELoss(nn.Module):
    """`pointwise_info_nce` as a module: (B, N, D), (B, K, N, D) -> scalar."""

    def __init__(self, *, temperature: float = 0.1) -> None:
        super().__init__()
        _check_temperature(temperature)
        self.temperature = temperature

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        return pointwise_info_nce(query, key, self.temperature)[0]


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise ValueError(f'temperature must be > 0, got {temperature}. The paper leaves it open; the release uses 0.1.')


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
