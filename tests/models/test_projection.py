"""The projection heads: one embedding per row, whatever the leading dimensions mean."""

import pytest
import torch
from torch import nn

from cmvl_mm.models.projection import ProjectionMLP


def test_on_points_it_is_a_stack_of_1x1_convolutions():
    head = ProjectionMLP(6, hidden_channels=8, out_channels=4)
    convolutions = nn.Sequential(
        nn.Conv1d(6, 8, 1), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 4, 1, bias=False), nn.BatchNorm1d(4)
    )
    with torch.no_grad():
        for ours, theirs in zip(head.parameters(), convolutions.parameters(), strict=True):
            theirs.copy_(ours.view_as(theirs))
    x = torch.randn(5, 7, 6)  # (videos, points, C)
    torch.testing.assert_close(head(x), convolutions(x.transpose(1, 2)).transpose(1, 2))


def test_the_output_is_normalized_over_all_rows():
    embedded = ProjectionMLP(6, hidden_channels=8, out_channels=4)(torch.randn(5, 7, 6))
    torch.testing.assert_close(embedded.mean((0, 1)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(embedded.var((0, 1), unbiased=False), torch.ones(4), atol=2e-3, rtol=0)


def test_the_output_norm_can_be_left_out():
    head = ProjectionMLP(6, hidden_channels=8, out_channels=4, output_norm='none')
    assert {name.split('.')[0] for name, _ in head.named_parameters()} == {'fc1', 'bn1', 'fc2'}
    with pytest.raises(ValueError, match="output_norm='layer' is unknown"):
        ProjectionMLP(6, output_norm='layer')
