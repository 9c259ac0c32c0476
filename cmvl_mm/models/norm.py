"""Batch-norm over the joined batch of all ranks, also on CPUs, which torch's SyncBatchNorm refuses."""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cmvl_mm.models.gather import world_size


def _along_channels(vector: Tensor, x: Tensor) -> Tensor:
    """(C,) -> (1, C, 1, ...), to meet x (N, C, ...)."""
    return vector.view(1, -1, *[1] * (x.ndim - 2))


class _NormalizeOverRanks(torch.autograd.Function):
    """x -> (x - mean) / sqrt(var + eps) with the moments of all ranks; one collective per pass."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, mean: Tensor, inverse_std: Tensor, count: Tensor
    ) -> Tensor:
        normalized = (x - _along_channels(mean, x)) * _along_channels(inverse_std, x)
        ctx.save_for_backward(normalized, inverse_std, count)
        return normalized

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple:
        normalized, inverse_std, count = ctx.saved_tensors  # type: ignore[attr-defined]
        over = [0, *range(2, grad.ndim)]
        sums = torch.stack([grad.sum(over), (grad * normalized).sum(over)])  # (2, C)
        dist.all_reduce(sums)  # all ranks share mean and variance, so the gradients of all ranks flow through them
        mean_grad, mean_grad_normalized = sums / count
        centred = grad - _along_channels(mean_grad, grad) - normalized * _along_channels(mean_grad_normalized, grad)
        return centred * _along_channels(inverse_std, grad), None, None, None


def _moments_over_ranks(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, C, ...) -> mean (C,), biased variance (C,), count () of the joined batch; ranks may differ in N."""
    channels = x.shape[1]
    count = x.new_tensor([x.numel() // channels])
    over = [0, *range(2, x.ndim)]
    mean = x.mean(over)
    squares = (x - _along_channels(mean, x)).square().sum(over)  # about the local mean: no cancellation
    rows = x.new_zeros(world_size(), 2 * channels + 1)
    rows[dist.get_rank()] = torch.cat([mean, squares, count])
    dist.all_reduce(rows)  # a gather by addition of zeros
    means, squares, counts = rows[:, :channels], rows[:, channels:-1], rows[:, -1:]
    total = counts.sum()
    joined = (means * counts).sum(0) / total
    variance = (squares + counts * (means - joined).square()).sum(0) / total
    return joined, variance, total


class AllReduceBatchNorm(_BatchNorm):
    """SyncBatchNorm for any backend, with the parameters, formulas and state-dict keys of `nn.BatchNorm*d`.

    Shape: (N, C, ...) -> (N, C, ...). In evaluation, and with one rank, this is ordinary batch-norm.

    Raises:
        ValueError: training with a single value per channel over all ranks.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f'expected (N, C, ...), got {tuple(input.shape)}')

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or world_size() == 1:
            return super().forward(input)
        self._check_input_dim(input)
        x = input.float() if input.dtype in (torch.float16, torch.bfloat16) else input
        with torch.no_grad():
            mean, variance, count = _moments_over_ranks(x)
            if count <= 1:
                raise ValueError(
                    f'batch-norm needs more than 1 value per channel over all ranks, got {tuple(input.shape)}'
                )
            self._track(mean, variance * count / (count - 1))
        x = _NormalizeOverRanks.apply(x, mean, (variance + self.eps).rsqrt(), count)
        if self.affine:
            x = x * _along_channels(self.weight, x) + _along_channels(self.bias, x)
        return x.to(input.dtype)

    def _track(self, mean: Tensor, unbiased_variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        # momentum None means the plain average over all batches, as in torch
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(unbiased_variance, momentum)


def convert_sync_batchnorm(model: nn.Module, device_type: str) -> nn.Module:
    """Synchronise every batch-norm of a model over ranks, keeping parameters, buffers and state-dict keys.

    Call it before wrapping the model in DistributedDataParallel and before building the optimizer.

    Args:
        model: any module.
        device_type: 'cuda' uses torch's SyncBatchNorm, whose forward pass waits for the device once per layer if
            there are several ranks; 'cpu' uses `AllReduceBatchNorm`.

    Returns:
        The model, with modules replaced in place; a bare batch-norm is returned as a new module.
    """
    if device_type == 'cuda':
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    if device_type != 'cpu':
        raise ValueError(f'device_type={device_type!r} is unknown. Supported: cpu, cuda')
    if isinstance(model, _BatchNorm):
        return _to_all_reduce(model)
    for name, child in model.named_children():
        setattr(model, name, convert_sync_batchnorm(child, 'cpu'))
    return model


def _to_all_reduce(norm: _BatchNorm) -> AllReduceBatchNorm:
    synchronised = AllReduceBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    # the same tensor objects, so that tied weights and an optimizer stay valid
    synchronised._parameters, synchronised._buffers = norm._parameters, norm._buffers
    synchronised.training = norm.training
    return synchronised
