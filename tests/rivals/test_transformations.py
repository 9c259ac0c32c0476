"""Rotation, pace and speed: the label is what the clip shows."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from rival_samples import CodedVideo, drawn, packed, plain_crop, pooling_network

from cmvl_mm.rivals.pace import PaceHead, paced_frames
from cmvl_mm.rivals.prp import PRPHead, motion_weights, playback_frames, weighted_squares
from cmvl_mm.rivals.rotnet import RotNetHead, turned
from cmvl_mm.rivals.speednet import SpeedNetHead, skipping_frames, spatial_max_temporal_mean
from cmvl_mm.rivals.vcp import VCPHead, altered, remote_starts


def test_a_turned_clip_turned_back_is_the_clip():
    clips = torch.randn(2, 3, 4, 5, 5)
    rotated, labels = turned(clips)
    assert labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    for row, turn in enumerate(labels.tolist()):
        torch.testing.assert_close(rotated[row].rot90(-turn, (2, 3)), clips[row % 2])
    assert rotated[2, 0, 0, 0, 0] == clips[0, 0, 0, 0, -1]  # anticlockwise: the right upper corner goes to the left
    with pytest.raises(ValueError, match='square'):
        turned(torch.zeros(1, 3, 2, 4, 5))


def test_rotation_loss_is_the_mean_over_four_turns_of_each_clip():
    head, clips = RotNetHead(in_channels=3), torch.randn(2, 1, 3, 4, 6, 6)
    network = pooling_network()
    clips[..., :3, :] += 3  # so that a pooled feature of half the picture would differ

    def corner(x):  # a network that sees the left upper quarter alone, so that turns differ
        return network(x[..., :4, :4])

    naive = [
        -F.log_softmax(head.classify(clips[b, 0].rot90(turn, (2, 3))[..., :4, :4].mean((1, 2, 3))), 0)[turn]
        for b in range(2)
        for turn in range(4)
    ]
    torch.testing.assert_close(head.loss(corner, clips, {})['loss_rotation'], torch.stack(naive).mean())


def test_a_pace_is_that_stride_and_all_are_drawn_alike():
    rng, counts = np.random.default_rng(0), [0] * 4
    for _ in range(400):
        clips, label = paced_frames(rng, 100, 16, (1, 2, 3, 4))
        assert (np.diff(clips[0]) == label + 1).all()
        assert clips.min() >= 0
        assert clips.max() < 100
        counts[label] += 1
    assert min(counts) > 70
    sample = packed(dict(type='SamplePace'), 5, plain_crop(), dict(type='PackPretext'))
    numbers = sample['inputs']['imgs'][0, 0, :, 9, 9].int()
    assert (numbers.diff() == sample['data_samples'].pretext['pace'].item() + 1).all()


def test_pace_loss_is_the_cross_entropy():
    head, clips, labels = PaceHead(in_channels=3), torch.randn(4, 1, 3, 4, 6, 6), torch.tensor([0, 1, 2, 3])
    scores = head.classify(clips[:, 0].mean((2, 3, 4)))
    naive = -F.log_softmax(scores, 1)[torch.arange(4), labels].mean()
    found = head.loss(pooling_network(), clips, dict(pace=labels))
    torch.testing.assert_close(found['loss_pace'], naive)
    assert found['acc_pace'] == (scores.argmax(1) == labels).float().mean()


def test_skipped_frames_run_at_their_speed_and_change_their_stride():
    frames = skipping_frames(np.random.default_rng(0), 7, 65, 2.25)
    steps = np.diff(frames)
    assert frames[0] == 7
    assert set(steps.tolist()) == {2, 3}
    assert steps.mean() == 2.25
    assert not np.array_equal(frames, skipping_frames(np.random.default_rng(1), 7, 65, 2.25))


def test_of_two_versions_the_second_one_is_sped_up_and_each_has_its_own_crop():
    ratios = []
    for seed in range(50):
        clips = drawn(dict(type='SampleSpeedNet', clip_len=32), seed)['clip_frames']
        normal, fast = (np.diff(clip).mean() for clip in clips)
        assert 1 <= normal <= 1.2 + 0.02
        assert 1.7 - 0.02 <= fast <= 2.2
        ratios.append(clips[0, 0] == clips[1, 0])
    assert not all(ratios)  # a place of its own


def test_speed_loss_pools_the_strongest_place_over_the_mean_time():
    torch.manual_seed(1)
    head, clips = SpeedNetHead(in_channels=3, sizes=(6, 6)), torch.randn(3, 2, 3, 4, 6, 6)
    network = pooling_network()
    logits = []
    for pair in clips:
        for clip in pair:
            maps = F.adaptive_avg_pool3d(clip, (2, 2, 2))
            logits.append(head.fc(torch.stack([maps[:, t].flatten(1).max(1)[0] for t in range(2)]).mean(0))[0])
    naive = [
        math.log(1 + math.exp(-x)) if i % 2 else math.log(1 + math.exp(x))
        for i, x in enumerate(logit.item() for logit in logits)
    ]
    assert head.loss(network, clips, {})['loss_speed'].item() == pytest.approx(sum(naive) / 6, rel=1e-5)
    assert spatial_max_temporal_mean(torch.zeros(2, 5, 3, 4, 4)).shape == (2, 5)


def test_the_input_size_is_drawn_for_each_step_and_equal_for_both_speeds():
    seen = []

    def network(clips):
        seen.append(tuple(clips.shape[3:]))
        return pooling_network()(clips)

    head = SpeedNetHead(in_channels=3, sizes=(4, 8))
    for _ in range(30):
        head.loss(network, torch.randn(1, 2, 3, 4, 6, 6), {})
    assert set(seen) == {(size, size) for size in range(4, 9)}
    with pytest.raises(ValueError, match='sizes='):
        SpeedNetHead(in_channels=3, sizes=(8, 4))


def test_the_targets_of_a_step_hold_the_clip_and_what_lies_between():
    frames, there = playback_frames(5, 16, 8)
    assert frames[::2].tolist() == list(range(5, 133, 8))
    assert frames[1::2].tolist() == list(range(9, 137, 8))
    assert there.all()
    frames, there = playback_frames(5, 16, 1)
    assert frames[::2].tolist() == list(range(5, 21))
    assert (there == [True, False] * 16).all()  # nothing lies between two frames that follow each other
    seen = set()
    for seed in range(40):
        sample = packed(dict(type='SamplePRP', steps=(1, 2, 4, 6)), seed, plain_crop(), dict(type='PackPretext'))
        label = sample['data_samples'].pretext['step'].item()
        numbers = sample['inputs']['imgs'][0, 0, :, 9, 9].int()
        assert (numbers[::2].diff() == (1, 2, 4, 6)[label]).all()
        seen.add(label)
    assert seen == {0, 1, 2, 3}
    with pytest.raises(ValueError, match='1 or even'):
        TRANSFORMS.build(dict(type='SamplePRP', steps=(1, 3)))


def test_what_moves_weighs_two_and_what_rests_least():
    target = torch.zeros(2, 3, 32, 64, 64)
    target[0, :, 5, 40:56, 40:56] = 1  # frame 5 of the first piece differs from frames 0 and 10 there
    weights = motion_weights(target)
    assert weights.shape == (2, 1, 32, 64, 64)
    strongest = weights[0, 0, 3].argmax().item()
    assert weights[0, 0, :16].max().item() > 1.9
    assert 40 <= strongest // 64 < 56
    assert 40 <= strongest % 64 < 56
    assert weights[0, 0, :16, 5, 5].max().item() == pytest.approx(0.8, abs=1e-6)
    assert weights[0, 0, 16:].max().item() == weights[1].max().item() == pytest.approx(0.8, abs=1e-6)


def test_rebuilding_loss_counts_the_frames_that_there_are_alone():
    rebuilt, target = torch.randn(2, 3, 32, 16, 16), torch.randn(2, 3, 32, 16, 16)
    there = torch.ones(2, 32, dtype=torch.bool)
    there[1, 1::2] = False
    weights = motion_weights(target)
    naive = [(weights[b, 0, t] * (rebuilt[b, :, t] - target[b, :, t]) ** 2).mean() for b, t in there.nonzero().tolist()]
    torch.testing.assert_close(weighted_squares(rebuilt, target, there), torch.stack(naive).mean())
    rebuilt[1, :, 1::2] += 100
    torch.testing.assert_close(weighted_squares(rebuilt, target, there), torch.stack(naive).mean())


def test_the_network_sees_every_second_frame_of_the_target():
    head, seen = PRPHead(in_channels=3, width=8), []
    clips = torch.randn(2, 1, 3, 32, 16, 16)

    def network(x):
        seen.append(x)
        return pooling_network()(x)

    labels = dict(step=torch.tensor([0, 2]), there=torch.ones(2, 32, dtype=torch.bool))
    found = head.loss(network, clips, labels)
    torch.testing.assert_close(seen[0], clips[:, 0, :, ::2])
    scores = head.classify(seen[0].mean((2, 3, 4)))
    torch.testing.assert_close(found['loss_step'], 0.1 * F.cross_entropy(scores, labels['step']))
    assert found['loss_rebuilt'].item() > 0


def test_rebuilding_counts_in_units_of_the_official_code_beside_the_class():
    """A picture of values in 0 ... 1, and not its normalised one: else 0.1 of the cross-entropy is next to nothing."""
    preprocessor = MODELS.build(dict(type='CompressedVideoPreprocessor'))
    raw = torch.randint(0, 256, (2, 1, 3, 32, 16, 16), dtype=torch.uint8)
    clips = preprocessor(dict(inputs=dict(imgs=raw)))['inputs']['imgs']
    head, labels = PRPHead(in_channels=3, width=8), dict(step=torch.tensor([0, 2]))
    labels['there'] = torch.ones(2, 32, dtype=torch.bool)
    head.decoder.forward = lambda x, size: torch.zeros_like(clips[:, 0])  # rebuilt: the mean colour
    target = raw[:, 0] / 255
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1, 1) / 255
    naive = (motion_weights(target) * (target - mean) ** 2).mean()
    torch.testing.assert_close(head.loss(pooling_network(), clips, labels)['loss_rebuilt'], naive)


def test_an_altered_picture_is_that_alteration():
    clips = torch.randn(5, 3, 2, 6, 6)
    found = altered(clips, torch.arange(5))
    for turn in range(4):
        torch.testing.assert_close(found[turn].rot90(-turn, (2, 3)), clips[turn])
    swapped = torch.cat([torch.cat([clips[4, ..., 3:, 3:], clips[4, ..., 3:, :3]], -1),
                         torch.cat([clips[4, ..., :3, 3:], clips[4, ..., :3, :3]], -1)], -2)  # fmt: skip
    torch.testing.assert_close(found[4], swapped)


def test_each_alteration_of_the_middle_clip_is_what_its_label_says():
    counts = [0] * 5
    for seed in range(150):
        sample = drawn(dict(type='SampleVCP'), seed, CodedVideo(108))
        first, middle, last = sample['clip_frames']
        label, picture = (int(sample['pretext'][name]) for name in ('alteration', 'picture'))
        assert last[0] - first[0] == 48
        between = first + 24
        original = np.array_equal(middle, between)
        assert original == (label in (0, 1, 2))
        assert (picture in (1, 2, 3)) == (label == 1)
        assert (picture == 4) == (label == 2)
        if label == 3:
            assert sorted(middle) == between.tolist()
            moved = (middle != between).reshape(4, 4)
            assert (moved.all(1) == moved.any(1)).all()  # whole chunks
            assert moved.all(1).sum() == 2
        if label == 4:
            assert (np.diff(middle) == 1).all()
            assert middle[-1] < first[0] - 16 or middle[0] > last[-1] + 16
        counts[label] += 1
    assert min(counts) > 15


def test_remote_clips_are_drawn_from_all_pairs_alike():
    rng, counts = np.random.default_rng(0), {}
    for _ in range(3000):
        pair = remote_starts(rng, 12, 4, 2, 1)
        counts[pair] = counts.get(pair, 0) + 1
    pairs = {(s, r) for s in range(9) for r in range(11) if r + 2 <= s - 1 or r >= s + 4 + 1}
    assert counts.keys() == pairs
    assert max(counts.values()) < 2 * min(counts.values())


def test_cloze_loss_joins_three_features():
    head, clips = VCPHead(in_channels=3), torch.randn(2, 3, 3, 2, 4, 4)
    labels = dict(alteration=torch.tensor([0, 3]), picture=torch.tensor([0, 0]))
    scores = head.classify(clips.mean((3, 4, 5)).flatten(1))
    found = head.loss(pooling_network(), clips, labels)
    torch.testing.assert_close(found['loss_alteration'], F.cross_entropy(scores, labels['alteration']))
