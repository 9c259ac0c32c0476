"""Blocks in the order of time, a roll-out that reads its own predictions, and a loss over all places."""

import math

import pytest
import torch
from rival_samples import drawn, pooling_network
from torch import nn

from cmvl_mm.rivals.dpc import DPCHead
from cmvl_mm.rivals.future_blocks import BlockEncoder, BlockPredictor, dense_nce
from cmvl_mm.rivals.memdpc import MemDPCHead, Memory


def test_blocks_follow_each_other_without_a_gap():
    for seed in range(20):
        frames = drawn(dict(type='SampleBlocks'), seed)['clip_frames']
        assert frames.shape == (8, 5)
        assert (frames.reshape(-1)[1:] - frames.reshape(-1)[:-1] == 3).all()


def test_dense_loss_is_the_cross_entropy_over_every_place_step_and_video():
    predicted, actual = torch.randn(2, 3, 4, 2, 2), torch.randn(2, 3, 4, 2, 2)
    losses, hits = [], []
    for b, s, i, j in torch.cartesian_prod(*map(torch.arange, (2, 3, 2, 2))).tolist():
        query = predicted[b, s, :, i, j]
        scores = torch.einsum('d,bsdij->bsij', query, actual)
        losses.append(scores.logsumexp((0, 1, 2, 3)) - scores[b, s, i, j])
        hits.append((scores[b, s, i, j] == scores.max()).float())
    loss, share = dense_nce(predicted, actual)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    torch.testing.assert_close(share, torch.stack(hits).mean())
    nothing, _ = dense_nce(torch.zeros_like(predicted), actual)
    assert nothing.item() == pytest.approx(math.log(24), rel=1e-6)


class Half(nn.Module):
    """A prediction that can be followed by hand."""

    def forward(self, state):
        return state / 2 - 0.1


def test_the_rollout_reads_blocks_and_then_its_own_predictions():
    predictor = BlockPredictor(3, Half(), dropout=0.0)
    seen = [torch.randn(2, 3, 2, 2) for _ in range(2)]
    state = predictor.cell(seen[1].relu(), predictor.cell(seen[0].relu(), torch.zeros(2, 3, 2, 2)))
    first = state / 2 - 0.1
    second = predictor.cell(first.relu(), state) / 2 - 0.1
    torch.testing.assert_close(predictor(seen, 2), torch.stack([first, second], 1))


def test_blocks_may_be_negative_and_keep_their_places():
    encoder, clips = BlockEncoder(3, 5), torch.randn(2, 4, 3, 2, 6, 6)
    blocks = encoder(pooling_network(), clips)
    assert blocks.shape == (2, 4, 5, 2, 2)
    assert blocks.min() < 0
    mean = clips[1, 2, :, :, 3:, :3].mean((1, 2, 3))
    torch.testing.assert_close(blocks[1, 2, :, 1, 0], encoder.project.weight[..., 0, 0] @ mean + encoder.project.bias)


def test_a_memory_gives_mixtures_of_its_slots():
    memory, state = Memory(3, 4), torch.randn(2, 3, 2, 2)
    share = memory.choose(state).softmax(1)
    found = memory(state)
    torch.testing.assert_close(found[1, :, 0, 1], (share[1, :, 0, 1, None] * memory.slots).sum(0))
    assert (found <= memory.slots.amax(0)[:, None, None]).all()


def test_the_future_is_not_read_and_memdpc_predicts_both_ways():
    clips, network = torch.randn(2, 8, 3, 2, 4, 4), pooling_network()
    head = DPCHead(in_channels=3, width=4, dropout=0.0)
    blocks = head.encoder(network, clips)
    naive, _ = dense_nce(head.future(blocks[:, :5].unbind(1), 3), blocks[:, 5:])
    torch.testing.assert_close(head.loss(network, clips, {})['loss_future'], naive)
    head = MemDPCHead(in_channels=3, width=4, dropout=0.0, slots=6)
    assert head.future.predict is head.past.predict  # one memory
    blocks = head.encoder(network, clips)
    back = [blocks[:, place] for place in (7, 6, 5, 4, 3)]
    naive, _ = dense_nce(head.past(back, 3), blocks[:, [2, 1, 0]])
    found = head.loss(network, clips, {})
    torch.testing.assert_close(found['loss_past'], naive)
