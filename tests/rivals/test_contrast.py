"""Instance contrast: what the twin, the queue and the losses are; what DSM and VTDL do to a clip."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rival_samples import CodedVideo, drawn
from torch import nn

import cmvl_mm.rivals.dsm as dsm
from cmvl_mm.rivals.instance import nt_xent
from cmvl_mm.rivals.momentum import KeyQueue, MomentumTwin, key_nce
from cmvl_mm.rivals.segments import anchor_twin_and_other
from cmvl_mm.rivals.vtdl import with_static_frame


def unit(*shape):
    return F.normalize(torch.randn(*shape), dim=-1)


def test_a_twin_starts_as_the_network_then_follows_it_slowly_and_never_learns():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    twin = MomentumTwin(network, 0.9)
    nn.init.constant_(network[0].weight, 1.0)  # as weights that are loaded after the twin was made
    twin.follow(network)
    assert torch.equal(twin.networks[0].weight, network[0].weight)
    nn.init.constant_(network[0].weight, 2.0)
    network[1].running_mean.fill_(5)
    twin.follow(network)
    torch.testing.assert_close(twin.networks[0].weight, torch.full((3, 2), 1.1))
    torch.testing.assert_close(twin.networks[1].running_mean, torch.full((3,), 0.5))
    assert not any(value.requires_grad for value in twin.parameters())
    assert not twin.train().networks[1].training  # running averages, or keys would tell their batch
    again = MomentumTwin(network, 0.9)
    again.load_state_dict(twin.state_dict())
    nn.init.constant_(network[0].weight, 3.0)
    again.follow(network)
    assert again.networks[0].weight[0, 0].item() == pytest.approx(1.29)  # resumed, not begun anew


def test_the_queue_replaces_its_oldest_keys():
    queue = KeyQueue(5, 2)
    for number in range(3):
        queue.push(torch.full((2, 2), float(number)))
    assert queue.keys[:, 0].tolist() == [2, 0, 1, 1, 2]
    again = KeyQueue(5, 2)
    again.load_state_dict(queue.state_dict())
    again.push(torch.full((1, 2), 9.0))
    assert again.keys[:, 0].tolist() == [2, 9, 1, 1, 2]
    again.push(torch.arange(14.0).view(7, 2))  # more than it holds: the last ones stay
    assert sorted(again.keys[:, 0].tolist()) == [4, 6, 8, 10, 12]
    with pytest.raises(ValueError, match='queue_size=0'):
        KeyQueue(0, 2)


def test_key_loss_is_the_softmax_over_queue_and_own_negatives():
    query, key, queue, own = unit(3, 8), unit(3, 8), unit(5, 8), unit(3, 2, 8)
    losses, hits = [], []
    for b in range(3):
        scores = torch.tensor([query[b] @ other / 0.07 for other in (key[b], *queue, *own[b])])
        losses.append(-scores.log_softmax(0)[0])
        hits.append(float(scores.argmax() == 0))
    loss, share = key_nce(query, key, queue, 0.07, own)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert share.item() == pytest.approx(np.mean(hits))
    collapsed = unit(1, 8)
    _, share = key_nce(collapsed, collapsed, collapsed, 0.07)
    assert share.item() == 0  # a tie is a miss


def test_nt_xent_leaves_out_the_view_itself_alone():
    first, second = unit(3, 8), unit(3, 8)
    views, losses = [*first, *second], []
    for n, view in enumerate(views):
        other = (n + 3) % 6
        kept = [m for m in range(6) if m != n]
        scores = torch.stack([view @ views[m] / 0.1 for m in kept])
        losses.append(-scores.log_softmax(0)[kept.index(other)])
    loss, _ = nt_xent(first, second, 0.1)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert nt_xent(first, first, 0.1)[1].item() == 1


def test_views_lie_anywhere_and_independently():
    pairs = [drawn(dict(type='SampleViews'), seed)['clip_frames'][:, 0] for seed in range(200)]
    first, second = np.transpose(pairs)
    assert first.max() > 130
    assert second.max() > 130
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_of_three_segments_two_are_the_same_and_the_third_is_far():
    rng, pairs = np.random.default_rng(0), {}
    for _ in range(2000):
        clips = anchor_twin_and_other(rng, 16, 3, 2, 7)
        assert (clips[0] == clips[1]).all()
        assert (np.diff(clips) == 2).all()
        assert clips.min() >= 0
        assert clips.max() < 16
        pair = int(clips[0, 0]), int(clips[2, 0])
        pairs[pair] = pairs.get(pair, 0) + 1
    assert pairs.keys() == {(a, b) for a in range(12) for b in range(12) if abs(a - b) >= 7}
    assert max(pairs.values()) < 2 * min(pairs.values())


@pytest.mark.parametrize(('kind', 'away'), [('SampleDSM', 61), ('SampleVTDL', 67)])
def test_the_negative_segment_keeps_its_distance(kind, away):
    for seed in range(40):
        clips = drawn(dict(type=kind), seed, CodedVideo(200))['clip_frames']
        assert abs(clips[2, 0] - clips[0, 0]) >= away


def test_a_warp_moves_what_lies_at_its_centre_the_same_in_every_frame_and_leaves_the_rest():
    clips = torch.zeros(2, 3, 4, 64, 64)
    clips[..., 30:34, 30:34] = 1
    found = dsm.warped(clips, torch.tensor([[0.5, 0.5]]), torch.tensor([[8 / 64, -4 / 64]]))  # 8 px right, 4 px up
    assert torch.equal(found, found[:1, :, :1].expand_as(found))
    picture = found[0, 0, 0]
    rows, columns = (picture.sum(axis) @ torch.arange(64.0) / picture.sum() for axis in (1, 0))
    assert rows.item() == pytest.approx(31.5 - 4, abs=1)
    assert columns.item() == pytest.approx(31.5 + 8, abs=1.5)
    ramp = torch.arange(64.0).expand(1, 3, 1, 64, 64)
    torch.testing.assert_close(dsm.warped(ramp, torch.tensor([[0.5, 0.5]]), torch.zeros(1, 2)), ramp)
    moved = dsm.warped(ramp, torch.tensor([[0.3, 0.3]]), torch.tensor([[0.05, 0.0]])) - ramp
    assert moved[..., 50:, 50:].abs().max() < 0.2
    assert moved[..., 19, 19].abs().min() > 2


def test_warps_are_drawn_within_their_ranges():
    for _ in range(50):
        centres, shifts = dsm.draw_warps(torch.device('cpu'))
        assert 1 <= len(centres) <= 3
        assert centres.min() >= 60 / 224
        assert centres.max() <= 140 / 224
        assert shifts.abs().min() >= 10 / 224
        assert shifts.abs().max() <= 20 / 224 + 1e-6


def test_one_static_frame_is_mixed_into_every_frame_of_the_anchor_alone():
    clips = torch.randn(2, 3, 3, 4, 5, 5)
    found = with_static_frame(clips, torch.tensor([6, 0]), torch.tensor([0.1, 0.05], dtype=torch.float64))
    for t in range(4):  # frame 6 is the third one of the second clip
        torch.testing.assert_close(found[0, :, t], 0.9 * clips[0, 0, :, t] + 0.1 * clips[0, 1, :, 2])
        torch.testing.assert_close(found[1, :, t], 0.95 * clips[1, 0, :, t] + 0.05 * clips[1, 0, :, 0])
    labels = [drawn(dict(type='SampleVTDL'), seed)['pretext'] for seed in range(30)]
    assert all(0 <= label['weight'] <= 0.1 and 0 <= label['static'] < 48 for label in labels)
    assert len({int(label['static']) for label in labels}) > 10
