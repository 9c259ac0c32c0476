"""A whole clip finds its motion: the loss is the naive double loop, and it trains what retrieval reads."""

import pytest
import torch
from joined_batch import SMALL, batch, tiny, total
from test_losses import naive

from cmvl_mm.models.clip_motion_head import ClipMotionHead
from cmvl_mm.models.heads import PointwiseInfoNCEHead


def clip_motion_head(**changes) -> ClipMotionHead:
    stock = tiny('motion').motion_head
    parts = dict(in_channels=32, predictor=stock.predictor, m_network=stock.m_network)
    return ClipMotionHead(**parts | SMALL | changes)


@pytest.mark.parametrize('valid', [None, torch.tensor([True, False, True])])
def test_both_losses_are_the_naive_double_loops(valid):
    """Points among all points of all windows; clips among the true futures of all clips."""
    head = clip_motion_head(loss_weight=0.7, clip_weight=0.25).eval().double()
    video_map = torch.randn(3, 32, 2, 4, 4, dtype=torch.float64)
    motion = torch.randn(3, 4, 2, 8, 16, 16, dtype=torch.float64)
    there = slice(None) if valid is None else valid
    futures = torch.stack([head.m_network(video[:1])[0].mean((1, 2, 3)) for video in motion])  # (B, C)
    queries = head.clip_query_projection(video_map.mean((2, 3, 4)))[:, None]
    keys = head.clip_key_projection(futures)[:, None, None]
    expected, hits = naive(queries[there], keys[there], 0.1)
    losses = head.loss(video_map, motion, valid)
    torch.testing.assert_close(losses['loss_clip_motion'], 0.25 * expected)
    assert losses['acc_clip_motion'] == pytest.approx(sum(hits) / len(hits))
    torch.testing.assert_close(
        losses['loss_motion'], PointwiseInfoNCEHead.loss(head, video_map, motion, valid)['loss_motion']
    )
    assert losses['loss_motion'] > 0


def test_the_loss_of_clips_trains_the_average_of_the_map_and_the_m_network():
    model = tiny('context', motion_head=clip_motion_head(loss_weight=0.0))
    inputs, _ = batch()
    losses = model(inputs, mode='loss')
    assert losses.keys() == {
        'loss_context', 'acc_context', 'loss_motion', 'acc_motion', 'loss_clip_motion', 'acc_clip_motion'
    }  # fmt: skip
    losses['loss_clip_motion'].backward()
    moved = {'.'.join(name.split('.')[:2]) for name, it in model.named_parameters() if it.grad is not None}
    assert {'motion_head.m_network', 'motion_head.clip_query_projection', 'motion_head.clip_key_projection'} < moved
    assert not any(name.startswith(('context_head', 'motion_head.predictor')) for name in moved)
    assert any(name.startswith('backbone') for name in moved)
    torch.testing.assert_close(
        total(losses), losses['loss_context'] + losses['loss_motion'] + losses['loss_clip_motion']
    )


def test_a_weight_of_zero_is_refused():
    with pytest.raises(ValueError, match='PointwiseInfoNCEHead'):
        clip_motion_head(clip_weight=0.0)


def test_a_map_of_another_width_is_named_with_the_setting():
    model = tiny('context', motion_head=clip_motion_head(in_channels=16))
    with pytest.raises(ValueError, match=r'model\.motion_head\.in_channels=16.*32 channels'):
        model(batch()[0], mode='loss')
