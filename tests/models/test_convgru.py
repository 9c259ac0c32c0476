"""The ConvGRU against the formulas written out, point by point."""

import pytest
import torch

from cmvl_mm.models.convgru import ConvGRUPredictor


def step(cell, x, state):
    """One point's step; x, state (width,)."""

    def gate(conv, other):
        return conv.weight[:, :, 0, 0] @ torch.cat([x, other]) + conv.bias

    update, reset = gate(cell.update_gate, state).sigmoid(), gate(cell.reset_gate, state).sigmoid()
    candidate = gate(cell.candidate, reset * state).tanh()
    return (1 - update) * state + update * candidate


def test_reads_the_clip_then_feeds_its_predictions_back():
    predictor = ConvGRUPredictor(in_channels=6, num_steps=3, width=4).eval()
    clip = torch.randn(2, 6, 2, 3, 3)
    predicted = predictor(clip)
    assert predicted.shape == (2, predictor.out_channels, 3, 3, 3)
    for n, y, x in ((0, 0, 0), (1, 2, 1)):
        state = torch.zeros(4)
        for t in range(2):
            state = step(predictor.cell, predictor.reduce.weight[:, :, 0, 0, 0] @ clip[n, :, t, y, x], state)
        for t in range(3):
            if t:
                state = step(predictor.cell, predicted[n, :, t - 1, y, x], state)
            said = predictor.predict(state[None, :, None, None])[0, :, 0, 0]
            torch.testing.assert_close(predicted[n, :, t, y, x], said)


def test_starts_orthogonal_and_without_bias():
    cell = ConvGRUPredictor(in_channels=6, width=4).cell
    for gate in (cell.update_gate, cell.reset_gate, cell.candidate):
        rows = gate.weight[:, :, 0, 0]
        torch.testing.assert_close(rows @ rows.T, torch.eye(4))
        assert not gate.bias.any()


def test_drops_out_in_training_only():
    predictor = ConvGRUPredictor(in_channels=6, width=32, dropout=0.5)
    clip = torch.randn(1, 6, 2, 3, 3)
    assert not torch.equal(predictor(clip), predictor(clip))
    predictor.eval()
    assert torch.equal(predictor(clip), predictor(clip))


def test_needs_a_step():
    with pytest.raises(ValueError, match='num_steps=0'):
        ConvGRUPredictor(in_channels=6, num_steps=0)
