"""Permutations and the tasks of order: shown by its label, a tuple comes back in order."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rival_samples import packed, plain_crop, pooling_network

from cmvl_mm.rivals.orders import PairOrderClassifier, all_orders, distant_orders, orders_up_to_reversal
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
    with pytest.raises(ValueError, match='number=7 of the 6 orders'):
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
        assert (numbers.diff(dim=1) == 1).all()  # within a clip time goes on
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
