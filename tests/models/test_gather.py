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


def known_shapes_in_another_order(number: int) -> dict[str, Tensor]:
    small, large = torch.zeros(2, 3), torch.zeros(4, 3)
    reads = []
    original = Tensor.tolist
    Tensor.tolist = lambda self: reads.append(1) or original(self)
    for _ in range(5):
        gather_rows(small)
        gather_rows(large)
    after_five_steps = len(reads)
    gather_rows(small)
    try:  # both have seen both shapes, but only rank 1 has never seen `small` follow `small`
        gather_rows([large, small][number])
        message = ''
    except (ValueError, RuntimeError) as error:  # rank 0's partner has gone by then
        message = f'{type(error).__name__}: {error}'
    return dict(reads=torch.tensor(after_five_steps), message=torch.tensor(list(message.encode())))


@pytest.mark.slow
def test_shapes_are_read_where_they_surprise_and_a_surprise_is_an_error(run_ranks):
    ranks = run_ranks(known_shapes_in_another_order)
    # small first of all; large after it; small after large: never again in five steps
    assert [int(rank['reads']) for rank in ranks] == [3, 3]
    messages = [bytes(rank['message'].tolist()).decode() for rank in ranks]
    assert messages[1].startswith('ValueError: ranks hold batches of different shapes: [(4, 3), (2, 3)]')
    assert messages[0].startswith('RuntimeError')
