"""Instance contrast: what the twin, the queue and the losses are; what DSM and VTDL do to a clip."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rival_samples import CodedVideo, drawn, packed, pooling_network
from torch import nn

import cmvl_mm.rivals.dsm as dsm
from cmvl_mm.models.feature_maps import CLIPS, Features
from cmvl_mm.rivals import future_blocks, instance
from cmvl_mm.rivals.cbt import CBTHead, masked_first
from cmvl_mm.rivals.iic import IICHead, broken_time, three_views
from cmvl_mm.rivals.instance import nt_xent
from cmvl_mm.rivals.momentum import KeyQueue, MomentumTwin, key_nce
from cmvl_mm.rivals.segments import anchor_twin_and_other
from cmvl_mm.rivals.tclr import TCLRHead, same_time, time_of_long
from cmvl_mm.rivals.vtdl import VTDLHead, with_static_frame
from cmvl_mm.rivals.vthcl import VTHCLHead


def unit(*shape):
    return F.normalize(torch.randn(*shape), dim=-1)


def test_a_twin_starts_as_the_network_then_follows_it_slowly_and_never_learns():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    twin = MomentumTwin(network, 0.9)
    nn.init.constant_(network[0].weight, 1.0)  # as weights that are loaded after the twin was made
    twin.follow(network)
    assert torch.equal(twin.networks[0].weight, network[0].weight)
    nn.init.constant_(network[0].weight, 2.0)
    twin.follow(network)
    torch.testing.assert_close(twin.networks[0].weight, torch.full((3, 2), 1.1))
    assert not any(value.requires_grad for value in twin.parameters())
    again = MomentumTwin(network, 0.9)
    again.load_state_dict(twin.state_dict())
    nn.init.constant_(network[0].weight, 3.0)
    again.follow(network)
    assert again.networks[0].weight[0, 0].item() == pytest.approx(1.29)  # resumed, not begun anew


def test_keys_do_not_tell_their_age_from_the_first_step_on():
    network = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
    nn.init.constant_(network[0].bias, 30.0)  # far from the initial running mean of 0
    twin = MomentumTwin(network, 0.99).train()
    inputs = torch.randn(64, 4)
    keys = []
    for _ in range(30):
        twin.follow(network)
        keys.append(twin.networks(inputs))
    torch.testing.assert_close(keys[0], keys[-1])  # averaged statistics would still move from step to step
    torch.testing.assert_close(keys[0].mean(0), torch.zeros(6), atol=1e-4, rtol=0)
    videos = F.normalize(keys[0], dim=1)
    assert (videos @ videos.T).fill_diagonal_(0).mean().abs() < 0.1  # the keys of different videos do not agree


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
    clips = torch.randn(2, 3, 4, 5, 5)
    found = with_static_frame(clips, torch.tensor([2, 0]), torch.tensor([0.1, 0.05], dtype=torch.float64))
    for t in range(4):
        torch.testing.assert_close(found[0, :, t], 0.9 * clips[0, :, t] + 0.1 * clips[0, :, 2])
        torch.testing.assert_close(found[1, :, t], 0.95 * clips[1, :, t] + 0.05 * clips[1, :, 0])
    head = VTDLHead(in_channels=3, hidden_channels=4, embed_channels=5, queue_size=4)
    head.attach(nn.Identity(), CLIPS)
    clips, seen = torch.randn(2, 3, 3, 4, 5, 5), []
    head.queries = lambda network, clips: seen.append(clips) or unit(4, 5)
    head.keys = lambda clips: seen.append(clips) or unit(2, 5)
    labels = dict(static=torch.tensor([2, 0]), weight=torch.tensor([0.1, 0.05]))
    head.loss(pooling_network(), clips, labels)
    anchors = with_static_frame(clips[:, 0], labels['static'], labels['weight'])
    torch.testing.assert_close(seen[0], torch.cat([anchors, clips[:, 2]]))  # neither shows anything of the key's clip
    torch.testing.assert_close(seen[1], clips[:, 1])
    labels = [drawn(dict(type='SampleVTDL'), seed)['pretext'] for seed in range(30)]
    assert all(0 <= label['weight'] <= 0.1 and 0 <= label['static'] < 16 for label in labels)
    assert len({int(label['static']) for label in labels}) > 10


def test_two_tempos_begin_together_and_have_draws_of_their_own():
    for seed in range(20):
        frames = drawn(dict(type='SampleTempos'), seed)['clip_frames']
        assert frames.shape == (1, 40)
        slow, fast = frames[0, :8], frames[0, 8:]
        assert slow[0] == fast[0]
        assert (np.diff(slow) == 8).all()
        assert (np.diff(fast) == 2).all()
    crop = dict(type='CropFlipEach', size=32, area=(0.3, 0.5), aspect=(1.0, 1.0), flip_prob=0.5)
    places = packed(dict(type='SampleTempos'), 1, crop, dict(type='PackPretext'))['inputs']['imgs'][0, 1:]
    assert (places[:, :8] == places[:, :1]).all()
    assert (places[:, 8:] == places[:, 8:9]).all()
    assert not torch.equal(places[:, 0], places[:, 8])


def test_tempo_loss_compares_both_ways_at_every_depth_with_the_other_tempo_of_the_batch():
    class Fast(nn.Module):
        def forward(self, clips):
            return clips[:, :2, ::4, :4, :4], clips[:, :, ::8, :2, :2]

    def network(clips):
        maps = clips[:, :2, ::2, ::2, ::2], clips[:, :, ::4, ::4, ::4]
        return Features(maps, None, maps, 'test')

    head = VTHCLHead(in_channels=(2, 3), fast_network=Fast(), hidden_channels=4, embed_channels=5).eval()
    clips = torch.randn(2, 1, 3, 40, 8, 8)
    found = head.loss(network, clips, {})
    slow, fast = network(clips[:, 0, :, :8]).maps, Fast()(clips[:, 0, :, 8:])
    for depth, place in ((0, 2), (1, 1)):
        a = F.normalize(head.slow_projections[depth](slow[depth].mean((2, 3, 4))), dim=1)
        b = F.normalize(head.fast_projections[depth](fast[depth].mean((2, 3, 4))), dim=1)
        naive = F.cross_entropy(a @ b.T / 0.07, torch.arange(2)) + F.cross_entropy(b @ a.T / 0.07, torch.arange(2))
        torch.testing.assert_close(found[f'loss_tempo_{place}'], naive)
    with pytest.raises(ValueError, match=r'out_indices=\(2, 3\)'):
        head.loss(pooling_network(), clips, {})


def test_the_masked_window_is_hidden_and_the_first_of_the_keys():
    head, windows = CBTHead(in_channels=3, windows=4, width=8, heads=2).eval(), torch.randn(2, 4, 8)
    masked = torch.tensor([2, 0])
    before = head.recovered(windows, masked)
    windows[0, 2], windows[1, 0] = 99, -99
    torch.testing.assert_close(head.recovered(windows, masked), before)
    windows[0, 1] += 1
    assert not torch.allclose(head.recovered(windows, masked)[0], before[0])
    assert torch.equal(masked_first(windows, masked)[0], windows[0, [2, 3, 0, 1]])
    clips = torch.randn(2, 4, 3, 2, 4, 4)
    torch.manual_seed(5)
    found = head.loss(pooling_network(), clips, {})['loss_masked']
    torch.manual_seed(5)
    masked = torch.randint(0, 4, (2,))
    windows = head.project(clips.mean((3, 4, 5)))
    query, keys = F.normalize(head.recovered(windows, masked), dim=1), F.normalize(windows, dim=2)
    scores = query @ keys.flatten(0, 1).T / 0.1
    torch.testing.assert_close(found, F.cross_entropy(scores, masked + torch.tensor([0, 4])))


def test_broken_time_is_one_frame_or_another_order():
    rng, repeated = np.random.default_rng(0), 0
    for _ in range(200):
        order = broken_time(rng, 3)
        repeated += len(set(order)) == 1
        assert len(set(order)) == 1 or sorted(order) == [0, 1, 2]
        assert order.tolist() != [0, 1, 2]
    assert 70 < repeated < 130
    with pytest.raises(ValueError, match='clip_len=1'):
        broken_time(rng, 1)


def test_iic_finds_the_other_view_among_the_batch_and_the_broken_clips():
    clips, broken = torch.randn(2, 1, 3, 5, 4, 4), torch.tensor([[1, 1, 1, 1], [2, 0, 1, 3]])
    views = three_views(clips[:, 0], broken)
    assert torch.equal(views[:, 0], clips[:, 0, :, :4])
    torch.testing.assert_close(views[1, 1, :, 2], clips[1, 0, :, 3] - clips[1, 0, :, 2])
    assert torch.equal(views[0, 2], clips[0, 0, :, 1:2].expand(-1, 4, -1, -1))
    assert torch.equal(views[1, 2], clips[1, 0, :, [2, 0, 1, 3]])
    head = IICHead(in_channels=3, hidden_channels=4, embed_channels=5).eval()
    a, b, c = F.normalize(head.projection(views.mean((3, 4, 5))), dim=2).unbind(1)
    naive = sum(
        F.cross_entropy(query @ torch.cat([key, c]).T / 0.07, torch.arange(2)) for query, key in ((a, b), (b, a))
    )
    torch.testing.assert_close(head.loss(pooling_network(), clips, dict(broken=broken))['loss_views'], naive)


def test_short_clips_tile_the_long_one_and_come_twice():
    clips = drawn(dict(type='SampleTCLR'), 0)['clip_frames']
    assert clips.shape == (6, 16)
    assert (clips[:3] == clips[3:]).all()
    assert np.diff(np.concatenate(clips[:2])).tolist() == [2] * 31
    assert (clips[2] == np.concatenate(clips[:2])[::2]).all()


def test_temporal_losses_are_those_of_loops_within_each_video():
    first, second = unit(2, 3, 8), unit(2, 3, 8)
    losses = []
    for b in range(2):
        draws = [*first[b], *second[b]]
        for n, clip in enumerate(draws):
            kept = [m for m in range(6) if m != n]
            scores = torch.stack([clip @ draws[m] / 0.1 for m in kept])
            losses.append(-scores.log_softmax(0)[kept.index((n + 3) % 6)])
    torch.testing.assert_close(same_time(first, second, 0.1)[0], torch.stack(losses).mean())
    assert same_time(first, first, 0.1)[1].item() == 1
    naive = [
        -(query[b] @ key[b].T / 0.1).log_softmax(1).diag().mean()
        for query, key in ((first, second), (second, first))
        for b in range(2)
    ]
    torch.testing.assert_close(time_of_long(first, second, 0.1), torch.stack(naive).mean())


def test_tclr_compares_times_of_the_long_clip_with_the_short_clips_of_its_own_draw():
    head = TCLRHead(in_channels=3, hidden_channels=4, embed_channels=5).eval()
    clips, network = torch.randn(2, 6, 3, 4, 4, 4), pooling_network()

    def embedded(x):
        return F.normalize(head.projection(x), dim=-1)

    means = embedded(clips.mean((3, 4, 5))).unflatten(1, (2, 3))
    halves = embedded(clips.unflatten(3, (2, 2)).mean((4, 5, 6)).transpose(2, 3)).unflatten(1, (2, 3))
    found = head.loss(network, clips, {})
    draws = [means[:, draw, short] for draw in range(2) for short in range(2)]
    pairs = [nt_xent(draws[a], draws[b], 0.1)[0] for a in range(4) for b in range(4) if a != b]
    torch.testing.assert_close(found['loss_any_time'], sum(pairs) / 12)
    torch.testing.assert_close(found['loss_instance'], nt_xent(means[:, 0, 2], means[:, 1, 2], 0.1)[0])
    torch.testing.assert_close(found['loss_same_time'], same_time(means[:, 0, :2], means[:, 1, :2], 0.1)[0])
    naive = sum(time_of_long(halves[:, draw, 2], means[:, draw, :2], 0.1) for draw in range(2)) / 2
    torch.testing.assert_close(found['loss_time_of_long'], naive)
    with pytest.raises(ValueError, match='shorts=2 in stage and head'):
        TCLRHead(in_channels=3, shorts=3).loss(network, torch.randn(2, 8, 3, 4, 4, 4), {})


def test_losses_of_all_ranks_are_those_of_the_joined_batch(monkeypatch):
    """What each rank computes when the gather gives it everyone's rows; its mean over ranks is left to the caller."""
    views = unit(4, 8), unit(4, 8)
    blocks = torch.randn(4, 3, 4, 2, 2), torch.randn(4, 3, 4, 2, 2)
    for module, joined, call in (
        (instance, views, lambda a, b: instance.nt_xent(a, b, 0.1)),
        (instance, views, lambda a, b: instance.across(a, b, 0.1)),
        (future_blocks, blocks, future_blocks.dense_nce),
    ):
        expected, found = call(*joined), []
        everyone = [x.movedim(2, -1).flatten(0, 3) if x.ndim == 5 else x for x in joined]
        for number in range(2):
            own = [x.chunk(2)[number] for x in everyone]

            def gather(x, own=own, everyone=everyone):
                return next(rows for mine, rows in zip(own, everyone, strict=True) if torch.equal(mine, x))

            monkeypatch.setattr(module, 'gather_rows', gather)
            monkeypatch.setattr(module, 'rank', lambda number=number: number)
            found.append(call(*(x.chunk(2)[number] for x in joined)))
        monkeypatch.undo()
        for part in range(2):
            torch.testing.assert_close((found[0][part] + found[1][part]) / 2, expected[part])
