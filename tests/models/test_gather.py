"""Collectives that autograd follows, in two gloo processes."""

import pytest
import torch
from torch import Tensor

from cmvl_mm.models.gather import gather_rows, mean_over_ranks, rank, world_size


def test_alone_nothing_happens():
    x = torch.randn(3, 2, requires_grad=True)
    assert world_size() == 1
    assert rank() == 0
    assert gather_rows(x) is x
    assert mean_over_ranks(x) is x


def gather_and_differentiate(number: int, x: Tensor, weights: Tensor) -> dict[str, Tensor]:
    own = x[2 * number : 2 * number + 2].clone().requires_grad_()
    gathered = gather_rows(own)
    (gathered * weights[number]).sum().backward()
    mean = mean_over_ranks(own)
    (mean_grad,) = torch.autograd.grad((mean * weights[number, :2]).sum(), own)
    try:
        gather_rows(torch.zeros(2 + number, 3))
        refusal = b''
    except ValueError as error:
        refusal = str(error).encode()
    return dict(
        gathered=gathered.detach(),
        grad=own.grad,
        mean=mean.detach(),
        mean_grad=mean_grad,
        refusal=torch.tensor(list(refusal)),
    )


@pytest.mark.slow
def test_two_processes_see_all_rows_and_pull_at_all_of_them(run_ranks):
    x, weights = torch.randn(4, 3, dtype=torch.float64), torch.randn(2, 4, 3, dtype=torch.float64)
    ranks = run_ranks(gather_and_differentiate, x, weights)
    for number, result in enumerate(ranks):
        assert torch.equal(result['gathered'], x)
        # the gradient of the sum of both ranks' objectives
        torch.testing.assert_close(result['grad'], weights.sum(0)[2 * number : 2 * number + 2])
        torch.testing.assert_close(result['mean'], (x[:2] + x[2:]) / 2)
        torch.testing.assert_close(result['mean_grad'], weights[:, :2].mean(0))
        message = bytes(result['refusal'].tolist()).decode()
        assert '[(2, 3), (3, 3)]' in message
        assert 'drop_last=True' in message
