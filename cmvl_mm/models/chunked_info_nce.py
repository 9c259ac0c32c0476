"""InfoNCE of many queries and keys as an autograd function that never holds the full matrix of logits."""

import torch
from torch import Tensor


class RowChunkedInfoNCE(torch.autograd.Function):
    """Weighted sum over queries of -log softmax(q k^T / tau)[positive]; the forward pass computes the gradients.

    The backward pass only scales these gradients, dq_i = w_i (E_softmax[k] - k_positive) / tau and the one of the
    keys, and recomputes nothing. Memory beyond one chunk of logits: two gradients, as large as the inputs.
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
