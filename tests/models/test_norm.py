"""Batch-norm over ranks: two processes of unequal batches equal one process on the joined batch."""

import pytest
import torch
from torch import Tensor, nn

from cmvl_mm.models.norm import AllReduceBatchNorm, convert_sync_batchnorm

SHAPES = {
    'rows': (5, 4),
    'points': (5, 4, 3),
    'volumes': (5, 4, 2, 3, 3),
}  # joined; 2 and 3 of the rows on the ranks
NORMS = {'rows': nn.BatchNorm1d, 'points': nn.BatchNorm1d, 'volumes': nn.BatchNorm3d}


def a_norm(kind: str) -> nn.Module:
    norm = NORMS[kind](4, momentum=None if kind == 'points' else 0.1).double()
    with torch.no_grad():
        norm.weight.copy_(torch.arange(1.0, 5))
        norm.bias.copy_(torch.arange(4.0))
    return norm


def two_steps(norm: nn.Module, x: Tensor, weights: Tensor) -> dict[str, Tensor]:
    """Train on x and on 2 x + 1; gradients are of sum(weights * output) of the second step."""
    norm(x)
    x = (2 * x + 1).requires_grad_()
    out = norm(x)
    (out * weights).sum().backward()
    results = dict(out=out.detach(), x=x.grad, weight=norm.weight.grad, bias=norm.bias.grad)
    return results | {name: buffer.clone() for name, buffer in norm.named_buffers()}


def norms_of_one_rank(rank: int, inputs: dict[str, tuple[Tensor, Tensor]]) -> dict[str, dict[str, Tensor]]:
    own = slice(0, 2) if rank == 0 else slice(2, 5)
    results = {}
    for kind, (x, weights) in inputs.items():
        norm = convert_sync_batchnorm(nn.Sequential(a_norm(kind)), 'cpu')[0]
        assert isinstance(norm, AllReduceBatchNorm)
        results[kind] = two_steps(norm, x[own], weights[own])
    lonely = AllReduceBatchNorm(4)
    lonely.eval()(torch.ones(1, 4))  # evaluation needs no other rank
    return results


@pytest.mark.slow
def test_two_processes_equal_one_also_with_unequal_batches(run_ranks):
    # a large mean: moments formed as E[x^2] - E[x]^2 would lose their digits
    inputs = {
        kind: (torch.randn(shape, dtype=torch.float64) + 100, torch.randn(shape, dtype=torch.float64))
        for kind, shape in SHAPES.items()
    }
    first, second = run_ranks(norms_of_one_rank, inputs)
    close = dict(rtol=1e-12, atol=1e-12)
    for kind, (x, weights) in inputs.items():
        expected = two_steps(a_norm(kind), x, weights)
        for name in ('out', 'x'):
            torch.testing.assert_close(torch.cat([first[kind][name], second[kind][name]]), expected[name], **close)
        for name in ('weight', 'bias'):  # each rank's share; DistributedDataParallel adds them up
            torch.testing.assert_close(first[kind][name] + second[kind][name], expected[name], **close)
        for name in ('running_mean', 'running_var', 'num_batches_tracked'):
            torch.testing.assert_close(first[kind][name], expected[name], **close)
            torch.testing.assert_close(second[kind][name], expected[name], **close)


def test_conversion_keeps_the_very_tensors_and_the_keys():
    model = nn.Sequential(nn.Conv3d(2, 4, 1), nn.BatchNorm3d(4), nn.Sequential(nn.BatchNorm1d(4))).eval()
    before = dict(model.named_parameters()) | dict(model.named_buffers())
    converted = convert_sync_batchnorm(model, 'cpu')
    after = dict(converted.named_parameters()) | dict(converted.named_buffers())
    assert before.keys() == after.keys() == converted.state_dict().keys()
    assert all(before[name] is after[name] for name in before)
    assert isinstance(converted[1], AllReduceBatchNorm)
    assert isinstance(converted[2][0], AllReduceBatchNorm)
    assert not converted[1].training


def test_alone_it_is_batch_norm():
    x = torch.randn(6, 4, 2, 3, 3)
    plain, ours = nn.BatchNorm3d(4), convert_sync_batchnorm(nn.BatchNorm3d(4), 'cpu')
    assert torch.equal(plain(x), ours(x))
    assert torch.equal(plain.running_var, ours.running_var)


def test_cuda_takes_torchs_own():
    converted = convert_sync_batchnorm(nn.Sequential(nn.BatchNorm3d(4)), 'cuda')
    assert isinstance(converted[0], nn.SyncBatchNorm)
    with pytest.raises(ValueError, match="device_type='tpu' is unknown"):
        convert_sync_batchnorm(nn.BatchNorm1d(2), 'tpu')
