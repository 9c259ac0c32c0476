"""Heads that say vectors: their targets are means of cells, and their losses those of a loop over them."""

import math

import pytest
import torch
from torch import nn

from cmvl_mm.models.vector_heads import (
    MotionClassificationHead,
    MotionRegressionHead,
    VectorReadout,
    mean_vectors,
    vector_bins,
)


class Pass(nn.Module):
    """A predictor that hands the map on."""

    out_channels = 5

    def forward(self, x):
        return x


def test_targets_are_the_means_of_cells_of_the_true_future():
    motion = torch.randn(3, 4, 2, 8, 12, 12)
    grid = mean_vectors(motion, (8, 6, 6))
    torch.testing.assert_close(grid[1, 0, 5, 2, 3], motion[1, 0, 0, 5, 4:6, 6:8].mean())


@pytest.mark.parametrize(
    ('value', 'bin_of'), [(-1.0, 0), (-0.97, 0), (-0.9, 1), (0.0, 10), (0.04, 10), (0.05, 11), (1.0, 20), (-3.0, 0)]
)
def test_bins_are_equal_and_the_middle_one_is_no_motion(value, bin_of):
    assert vector_bins(torch.tensor(value), 21).item() == bin_of


def test_readout_keeps_points_cells_and_frames_apart():
    readout = VectorReadout(5, channels=2, frames=4, cells=2)
    x = torch.randn(3, 5, 2, 3, 3)
    said = readout(x)
    assert said.shape == (3, 2, 8, 6, 6)
    of_point = readout.fc(x[1, :, 1, 2, 0]).view(2, 4, 2, 2)  # channel, frame, row, column
    torch.testing.assert_close(said[1, :, 4:8, 4:6, 0:2], of_point)


def test_regression_is_the_mean_squared_error_over_videos_with_a_future():
    head = MotionRegressionHead(predictor=Pass(), frames_per_point=8, cells=2, loss_weight=0.25)
    x, motion = torch.randn(3, 5, 1, 3, 3), torch.randn(3, 1, 2, 8, 12, 12)
    squares = [
        (head.readout(x)[b, c, t, i, j] - motion[b, 0, c, t, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean()) ** 2
        for b in (0, 2)
        for c in range(2)
        for t in range(8)
        for i in range(6)
        for j in range(6)
    ]
    found = head.loss(x, motion, torch.tensor([True, False, True]))
    torch.testing.assert_close(found['loss_motion'], 0.25 * sum(squares) / len(squares))
    assert found.keys() == {'loss_motion'}
    nothing = head.loss(x, motion, torch.zeros(3, dtype=torch.bool))['loss_motion']
    assert nothing.item() == 0
    nothing.backward()  # DistributedDataParallel waits for every gradient


def test_classification_knows_nothing_at_first_and_the_truth_when_told():
    head = MotionClassificationHead(predictor=Pass(), frames_per_point=8, cells=2, num_bins=7, loss_weight=1.0)
    x, motion = torch.randn(2, 5, 1, 3, 3), torch.zeros(2, 1, 2, 8, 6, 6)
    nn.init.zeros_(head.readout.fc.weight)
    nn.init.zeros_(head.readout.fc.bias)
    assert head.loss(x, motion)['loss_motion'].item() == pytest.approx(math.log(7), rel=1e-6)
    motion[:, :, 1] = -0.8  # dy in bin 0, dx in the middle one, 3
    bias = head.readout.fc.bias.data.view(7, 2, 8, 2, 2)
    bias[3, 0], bias[0, 1] = 20, 20
    found = head.loss(x, motion)
    assert found['loss_motion'].item() == pytest.approx(0, abs=1e-6)
    assert found['acc_motion'].item() == 1
    bias[:, 1] = 0
    bias[6, 1] = 20
    assert head.loss(x, motion)['acc_motion'].item() == 0.5
