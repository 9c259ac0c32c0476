"""Permutations and the tasks of order: shown by its label, a tuple comes back in order."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rival_samples import CodedVideo, drawn, packed, plain_crop, pooling_network

from cmvl_mm.rivals.encode import still_clips
from cmvl_mm.rivals.moving_window import frame_motion, moving_start
from cmvl_mm.rivals.opn import ORDERS as OPN_ORDERS
from cmvl_mm.rivals.opn import OPNHead
from cmvl_mm.rivals.orders import PairOrderClassifier, all_orders, distant_orders, orders_up_to_reversal
from cmvl_mm.rivals.shuffle_learn import ShuffleLearnHead, five_frames, ordered_or_not, window_span
from cmvl_mm.rivals.vcop import ORDERS, VCOPHead


def test_orders_are_all_once_and_up_to_reversal_half_of_them():
    assert len({tuple(order) for order in all_orders(4)}) == 24
    half = {tuple(order) for order in orders_up_to_reversal(4)}
    assert len(half) == 12
    assert not half & {order[::-1] for order in half}


def test_distant_orders_are_far_from_each_other():
    orders = distant_orders(9, 12)
    assert orders[0].tolist() == list(range(9))
    distance = (orders[:, None] != orders[None]).sum(2)
    assert distance[~np.eye(12, dtype=bool)].min() >= 8
    assert (np.sort(orders) == np.arange(9)).all()
    with pytest.raises(ValueError, match='number=7 must be 1 to 6, the orders'):
        distant_orders(3, 7)


def test_the_pair_classifier_sees_every_pair_through_one_layer():
    head = PairOrderClassifier(5, items=3, classes=6, width=4).eval()
    x = torch.randn(2, 3, 5)
    hidden = [F.relu(head.pair(torch.cat([x[:, i], x[:, j]], 1))) for i, j in ((0, 1), (0, 2), (1, 2))]
    torch.testing.assert_close(head(x), head.classify(torch.cat(hidden, 1)))


def test_three_shuffled_clips_come_back_in_order_by_their_label():
    labels = set()
    for seed in range(60):
        sample = packed(dict(type='SampleVCOP'), seed, plain_crop(), dict(type='PackPretext'))
        label = sample['data_samples'].pretext['order'].item()
        numbers = sample['inputs']['imgs'][:, 0, :, 9, 9].int()  # (3, 16)
        in_order = numbers[np.argsort(ORDERS[label])]
        assert (numbers.diff(dim=1) == 1).all()  # within a clip time continues
        assert (in_order[1:, 0] - in_order[:-1, -1] == 9).all()  # 8 frames between
        labels.add(label)
    assert labels == set(range(6))


def test_vcop_loss_is_the_cross_entropy_of_its_pairs():
    head, clips, labels = (
        VCOPHead(in_channels=3, width=4).eval(),
        torch.randn(4, 3, 3, 2, 4, 4),
        torch.tensor([0, 5, 2, 1]),
    )
    scores = head.order(clips.mean((3, 4, 5)))
    naive = -F.log_softmax(scores, 1)[torch.arange(4), labels].mean()
    torch.testing.assert_close(head.loss(pooling_network(), clips, dict(order=labels))['loss_order'], naive)


def test_a_window_is_drawn_where_vectors_are_long_and_frames_without_vectors_do_not_count():
    vectors, valid = np.zeros((6, 2, 2, 2), np.int16), np.ones((6, 2, 2), bool)
    vectors[2], valid[3] = (3, 4), False
    vectors[3] = 99  # not valid
    valid[2, 0] = False
    motion = frame_motion(vectors, valid)
    assert motion[2] == 5
    assert np.isnan(motion[3])
    assert motion[[0, 1, 4, 5]].tolist() == [0] * 4
    rng = np.random.default_rng(0)
    starts = [moving_start(rng, motion, 2) for _ in range(600)]
    # windows 1-2 and 2-3 move: the mean of 0 and 5, and 5 alone
    assert set(starts) == {1, 2}
    assert 1.6 < starts.count(2) / starts.count(1) < 2.5
    assert {moving_start(rng, np.zeros(6), 2) for _ in range(100)} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize('kind', ['SampleShuffleLearn', 'SampleOPN'])
def test_tuples_lie_where_the_video_moves(kind):
    stage = dict(SampleShuffleLearn=dict(min_gap=3, max_gap=8), SampleOPN=dict(min_gap=2, max_gap=4))[kind]
    for seed in range(30):
        frames = drawn(dict(type=kind, **stage), seed, CodedVideo(250, moving=range(120, 125)))['clip_frames']
        assert frames.shape[1] == 1
        assert frames.min() > 100
        assert frames.max() < 145


def test_five_frames_keep_their_gaps_and_a_label_says_whether_three_are_in_order():
    rng, labels = np.random.default_rng(0), []
    for _ in range(400):
        a, b, c, d, e = five = five_frames(rng, 7, 4, 12)
        assert a == 7
        assert e - a < window_span(4, 12)
        assert b - a >= 4
        assert e - d >= 4
        assert b < c < d
        assert 4 <= d - b <= 12
        frames, label = ordered_or_not(rng, five)
        assert (frames[[0, 2]] == [b, d]).all()
        assert (np.diff(frames) > 0).all() == bool(label)
        labels.append(label)
    assert 0.18 < np.mean(labels) < 0.32


def test_four_frames_come_back_in_order_or_reversed_by_their_label():
    seen = set()
    for seed in range(150):
        sample = drawn(dict(type='SampleOPN'), seed)
        label, frames = int(sample['pretext']['order']), sample['clip_frames'][:, 0]
        back = np.argsort(OPN_ORDERS[label])
        forward = [np.diff(shown[back]) for shown in (frames, frames[::-1])]
        as_they_are = forward[0][0] > 0 and (forward[0] == forward[0][0]).all()
        gaps = forward[0] if as_they_are else forward[1]
        assert (gaps == gaps[0]).all()
        assert 5 <= gaps[0] <= 15
        seen.add((label, bool(as_they_are)))
    assert len(seen) == 24  # all orders, both ways round


def test_losses_of_still_frames_are_those_of_clips_in_which_nothing_moves():
    frames, labels = torch.randn(2, 4, 3, 1, 4, 4), torch.tensor([11, 0])
    head = OPNHead(in_channels=3, width=4, still_len=5).eval()
    lengths = []

    def network(clips):
        lengths.append(clips.shape[2])
        assert (clips == clips[:, :, :1]).all()
        return pooling_network()(clips)

    naive = F.cross_entropy(head.order(frames.mean((3, 4, 5))), labels)
    torch.testing.assert_close(head.loss(network, frames, dict(order=labels))['loss_order'], naive)
    head = ShuffleLearnHead(in_channels=3, still_len=5)
    labels = torch.tensor([1, 0])
    naive = F.cross_entropy(head.classify(frames[:, :3].mean((3, 4, 5)).flatten(1)), labels)
    found = head.loss(network, frames[:, :3], dict(ordered=labels))
    torch.testing.assert_close(found['loss_ordered'], naive)
    assert lengths == [5, 5]
    with pytest.raises(ValueError, match='clips of one frame'):
        still_clips(torch.zeros(1, 2, 3, 2, 4, 4), 5)
