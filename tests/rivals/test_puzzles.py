"""Cubes and tiles: each lies where its label says, jittered, and no edge continues from one to the next."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import TRANSFORMS
from rival_samples import HEIGHT, WIDTH, CodedVideo, drawn, packed, pooling_network

from cmvl_mm.datasets.geometry import Box
from cmvl_mm.rivals.buechler import ORDERS as FRAME_ORDERS
from cmvl_mm.rivals.buechler import BuechlerHead, HardPermutations, frames_in_disorder, smaller
from cmvl_mm.rivals.jigsaw import JigsawHead, TileOrder, cut_tiles, draw_offsets, plain_colours
from cmvl_mm.rivals.st_puzzle import ORDERS, PuzzleHead, quarter_box

WHOLE = dict(type='CropPuzzle', size=16, area=(1.0, 1.0), aspect=(WIDTH / HEIGHT,) * 2, jitter=0.2)


def seen_quarters(imgs):
    """(4, 3, T, H, W) -> which quarter of the coded picture each cube is mostly of."""
    columns, rows = imgs[:, 1].float().mean((1, 2, 3)) / 2, imgs[:, 2].float().mean((1, 2, 3)) / 2
    return ((rows > HEIGHT / 2) * 2 + (columns > WIDTH / 2)).numpy()


@pytest.mark.parametrize('flip', [0.0, 1.0])
def test_cubes_come_back_in_order_by_their_label_over_space_and_over_time(flip):
    layouts, between = set(), set()
    for seed in range(40):
        sample = packed(dict(type='SamplePuzzle'), seed, dict(WHOLE, flip_prob=flip), dict(type='PackPretext'))
        imgs, pretext = sample['inputs']['imgs'], sample['data_samples'].pretext
        back = np.argsort(ORDERS[pretext['order']])
        starts = imgs[:, 0, 0, 8, 8].int().numpy()[back]
        quarters = seen_quarters(imgs)[back]
        if flip:
            quarters = quarters ^ 1  # a mirrored picture's left quarter is what was on the right
        if len(set(starts)) == 1:
            assert quarters.tolist() == [0, 1, 2, 3]
        else:
            first, gaps = starts[0], np.diff(starts) - 16
            assert (gaps >= 0).all()
            assert (gaps <= 16).all()
            assert (abs(starts - first - 24 * np.arange(4)) <= 8).all()
            between |= set(gaps.tolist())
            assert len(set(quarters)) == 1
        downwards = (imgs[:, 2, :, -1] > imgs[:, 2, :, 0]).all().item()
        assert downwards == (not pretext['upside_down'])
        rightwards = (imgs[..., -1] > imgs[..., 0])[:, 1].all().item()
        assert rightwards == (not (bool(pretext['upside_down']) ^ bool(flip)))
        layouts.add((len(set(starts)), int(pretext['upside_down'])))
    assert layouts == {(1, 0), (1, 1), (4, 0), (4, 1)}
    assert len(between) > 5  # jittered in time: nothing continues from a cube to the next


def test_a_cube_that_its_stretch_has_no_room_for_is_refused():
    with pytest.raises(ValueError, match='stretch=15 is shorter than a cube'):
        TRANSFORMS.build(dict(type='SamplePuzzle', stretch=15))


def test_quarters_tile_the_box_and_cubes_are_jittered_in_theirs():
    assert [quarter_box(Box(10, 20, 8, 6), quarter) for quarter in range(4)] == [
        (10, 20, 4, 3), (10, 23, 4, 3), (14, 20, 4, 3), (14, 23, 4, 3)
    ]  # fmt: skip
    offsets = set()
    for seed in range(30):
        sample = drawn(dict(type='SamplePuzzle'), seed)
        sample = TRANSFORMS.build(dict(type='ReadCompressed'))(sample)
        boxes = [box for box, _ in TRANSFORMS.build(dict(WHOLE, flip_prob=0.0))(sample)['crops']]
        for box, quarter in zip(boxes, sample['quarters'], strict=True):
            corner = quarter_box(Box(0, 0, HEIGHT, WIDTH), int(quarter))
            assert (box.height, box.width) == (26, 32)  # 0.8 of 32 x 40
            offsets.add((box.top - corner.top, box.left - corner.left))
    tops, lefts = zip(*offsets, strict=True)
    assert (min(tops), max(tops), min(lefts), max(lefts)) == (0, 6, 0, 8)


def test_puzzle_loss_is_that_of_both_labels():
    head, clips = PuzzleHead(in_channels=3, width=4).eval(), torch.randn(2, 4, 3, 2, 4, 4)
    labels = dict(order=torch.tensor([3, 23]), upside_down=torch.tensor([0, 1]))
    joined = head.join(clips.mean((3, 4, 5)).flatten(1))
    found = head.loss(pooling_network(), clips, labels)
    torch.testing.assert_close(found['loss_order'], F.cross_entropy(head.order(joined), labels['order']))
    naive = F.cross_entropy(head.upside_down(joined), labels['upside_down'])
    torch.testing.assert_close(found['loss_upside_down'], naive)


def test_tiles_are_cut_at_their_offsets_row_by_row():
    pictures, offsets = torch.randn(2, 3, 15, 15), torch.randint(0, 3, (2, 9, 2))
    tiles = cut_tiles(pictures, offsets, 3)
    for b in range(2):
        for n in range(9):
            top, left = n // 3 * 5 + offsets[b, n, 0], n % 3 * 5 + offsets[b, n, 1]
            assert torch.equal(tiles[b, n], pictures[b, :, top : top + 3, left : left + 3])
    drawn_offsets = draw_offsets(200, pictures, 3)
    assert drawn_offsets.unique().tolist() == [0, 1, 2]


def test_a_tiles_brightness_and_contrast_tell_nothing():
    tiles = plain_colours(torch.randn(2, 9, 3, 4, 4) * 7 + 3)
    torch.testing.assert_close(tiles.mean((2, 3, 4)), torch.zeros(2, 9), atol=1e-5, rtol=0)
    torch.testing.assert_close(tiles.std((2, 3, 4)), torch.ones(2, 9))


def test_shuffled_tiles_come_back_in_order_by_their_label():
    head = TileOrder(3, num_orders=5, gap=0.0, still_len=2, width=4, dropout=0.0)
    pictures, labels = torch.randn(3, 3, 12, 12), torch.tensor([0, 3, 4])
    shown = head.shown(pictures, labels)
    plain = plain_colours(cut_tiles(pictures, torch.zeros(3, 9, 2, dtype=torch.long), 4))
    for b, label in enumerate(labels.tolist()):
        back = head.orders[label].argsort()
        torch.testing.assert_close(shown[b][back], plain[b])
    with pytest.raises(ValueError, match='gap=1'):
        TileOrder(3, num_orders=5, gap=1.0, still_len=2, width=4, dropout=0.0)


def test_jigsaw_loss_is_the_cross_entropy_of_the_tiles_features():
    head = JigsawHead(in_channels=3, num_orders=5, gap=0.0, still_len=2, width=4, dropout=0.0)
    clips, labels = torch.randn(2, 1, 3, 1, 12, 12), torch.tensor([1, 4])
    features = head.tiles.shown(clips[:, 0, :, 0], labels).mean((3, 4)).flatten(1)
    naive = F.cross_entropy(head.tiles.classify(features), labels)
    torch.testing.assert_close(head.loss(pooling_network(), clips, dict(tiles=labels))['loss_tiles'], naive)
    numbers = {int(drawn(dict(type='SampleJigsaw', num_orders=3), seed)['pretext']['tiles']) for seed in range(40)}
    assert numbers == {0, 1, 2}


def test_frames_in_disorder_come_back_by_their_label():
    rng = np.random.default_rng(0)
    for _ in range(50):
        frames, label = frames_in_disorder(rng, 40, 7)
        assert np.diff(frames[np.argsort(FRAME_ORDERS[label])]).tolist() == [7, 7, 7]


def test_hard_permutations_weigh_more_and_are_plain_at_first():
    hard, scores, labels = HardPermutations(3, keep=0.5), torch.randn(4, 3), torch.tensor([0, 0, 2, 2])
    each = F.cross_entropy(scores, labels, reduction='none')
    torch.testing.assert_close(hard(scores, labels), each.mean())
    chance = math.log(3)
    running = torch.tensor(
        [0.5 * chance + 0.25 * (each[0] + each[1]), chance, 0.5 * chance + 0.25 * (each[2] + each[3])]
    )
    torch.testing.assert_close(hard.losses, running)
    weights = running[labels] / running.mean()
    torch.testing.assert_close(hard(scores, labels), (weights * each).mean())


def test_what_is_as_hard_as_chance_counts_alike_whether_it_was_met_or_not():
    hard, scores, labels = HardPermutations(4, keep=0.5), torch.zeros(6, 4), torch.tensor([0, 0, 0, 1, 1, 2])
    for _ in range(3):
        torch.testing.assert_close(hard(scores, labels), torch.tensor(math.log(4)))
    torch.testing.assert_close(hard.losses, torch.full((4,), math.log(4)))


def test_buechler_orders_tiles_of_the_picture_and_frames_of_a_clips_size():
    sizes = []

    def network(clips):
        sizes.append(tuple(clips.shape[2:]))
        return pooling_network()(clips)

    head = BuechlerHead(in_channels=3, num_orders=5, gap=0.0, still_len=2, width=4, dropout=0.0, frame_size=6).eval()
    clips, labels = torch.randn(2, 4, 3, 1, 12, 12), dict(tiles=torch.tensor([1, 4]), order=torch.tensor([0, 23]))
    found = head.loss(network, clips, labels)
    assert sizes == [(2, 4, 4), (2, 6, 6)]
    features = smaller(clips, 6).mean((3, 4, 5))
    torch.testing.assert_close(found['loss_order'], F.cross_entropy(head.order(features), labels['order']))
    assert 0 < found['loss_tiles'].item() < 3 * math.log(5)
    sample = drawn(dict(type='SampleTilesAndFrames', gap=8, num_orders=4), 0, CodedVideo(60))
    assert sample['clip_frames'].shape == (4, 1)
