"""Rows of length 1, with the gradients of F.normalize."""

import torch
import torch.nn.functional as F

from cmvl_mm.models.unit_rows import unit_rows


def test_values_and_gradients_are_those_of_normalize():
    x = torch.randn(3, 5, 7, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(3, 5, 7, dtype=torch.float64)
    pairs = [
        (rows(x), torch.autograd.grad((rows(x) * upstream).sum(), x))
        for rows in (unit_rows, lambda x: F.normalize(x, dim=-1))
    ]
    torch.testing.assert_close(*pairs, rtol=1e-13, atol=1e-13)
    assert torch.autograd.gradcheck(unit_rows, x)


def test_rows_too_short_to_have_a_direction_are_divided_by_the_shortest_length():
    x = torch.tensor([[0.0, 0, 0], [1e-13, 0, 0], [5, 0, 0]], dtype=torch.float64, requires_grad=True)
    rows = unit_rows(x)
    torch.testing.assert_close(rows.detach(), torch.tensor([[0.0, 0, 0], [0.1, 0, 0], [1, 0, 0]]).double())
    (ours,) = torch.autograd.grad(rows.sum(), x)
    (normalize,) = torch.autograd.grad(F.normalize(x, dim=-1).sum(), x)
    torch.testing.assert_close(ours, normalize)
