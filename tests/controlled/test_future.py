"""Level 'future': pairs of motions that look apart, move alike within the clip, and move apart after it."""

import numpy as np
import pytest

from cmvl_mm.controlled.basic import CONTEXTS
from cmvl_mm.controlled.future import DIRECTIONS, MOTIONS, TURN, make_future_video
from cmvl_mm.controlled.truth import block_truth

SEEDS = range(6)


def make_pair(seed, direction):
    context = CONTEXTS[seed % len(CONTEXTS)]
    return [make_future_video((3, seed), context, f'{direction}-{turn}') for turn in ('cw', 'ccw')]


@pytest.fixture(scope='module')
def pairs():
    """Direction and both members, made with one seed, of several seeds."""
    directions = list(DIRECTIONS)
    return [(directions[seed % 4], *make_pair(seed, directions[seed % 4])) for seed in SEEDS]


def test_the_turn_comes_after_every_clip_and_within_its_future():
    clip, gap, future = 16 * 2 - 1, 2, 8  # frames; the recipe's stride is 2
    frames, _ = make_future_video(0, 'dots', 'up-cw')
    starts = range(len(frames) - clip - gap - future + 1)
    assert len(starts) == 4
    assert starts[-1] + clip - 1 < TURN
    assert starts[0] + clip + gap + 1 >= TURN


def test_members_of_a_pair_move_alike_until_the_turn_and_oppositely_after_it(pairs):
    for direction, (_, clockwise), (_, counter) in pairs:
        np.testing.assert_array_equal(clockwise.displacement[:TURN], counter.displacement[:TURN])
        np.testing.assert_array_equal(clockwise.centres[:TURN], counter.centres[:TURN])
        before, after = clockwise.displacement[1:TURN].astype(float), clockwise.displacement[TURN:].astype(float)
        assert (before @ DIRECTIONS[direction] > 1.9).all()
        cross = before[-1, 0, 0] * after[..., 1] - before[-1, 0, 1] * after[..., 0]
        assert (cross > 3).all()  # y points down: clockwise
        np.testing.assert_allclose(after @ DIRECTIONS[direction], 0, atol=1e-4)
        np.testing.assert_allclose(counter.displacement[TURN:], -after, atol=1e-4)
        np.testing.assert_allclose(np.linalg.norm(after, axis=-1), np.linalg.norm(before[-1, 0]), atol=1e-4)


def test_places_tell_nothing_of_motion_or_context():
    cells = zip(CONTEXTS, MOTIONS, strict=True)
    at_the_turn = [make_future_video(5, context, motion)[1].centres[TURN - 1] for context, motion in cells]
    for centres in at_the_turn:
        np.testing.assert_allclose(centres, at_the_turn[0], atol=1e-3)


def test_every_disc_is_whole_in_sight_at_the_turn_and_covers_no_other():
    for seed in range(20):
        _, truth = make_future_video(seed, 'clouds', MOTIONS[seed % 8])
        centres = truth.centres[TURN - 1]
        assert (centres >= 17.9).all()
        assert (centres <= np.array([128, 112]) - 17.9).all()
        for frame in truth.centres:
            apart = np.linalg.norm(frame[:, None] - frame, axis=-1)[np.triu_indices(3, 1)]
            assert apart.min() > 35


def test_the_spot_is_on_the_side_of_the_turn_large_enough_and_the_only_difference(pairs):
    y, x = np.mgrid[:112, :128]
    for _, (frames, clockwise), (mirrored, _) in pairs:
        towards = clockwise.displacement[TURN, 0] / np.linalg.norm(clockwise.displacement[TURN, 0])
        for t in (0, TURN - 1, TURN - 6):
            differs = (frames[t].astype(int) != mirrored[t]).any(axis=-1)
            on_disc = np.zeros_like(differs)
            for centre in clockwise.centres[t]:
                on_disc |= np.hypot(x - centre[0], y - centre[1]) < 17
            assert not (differs & ~on_disc).any()
        for centre in clockwise.centres[TURN - 1]:
            for picture, sign in ((frames, 1), (mirrored, -1)):
                near = np.hypot(x - centre[0], y - centre[1]) < 15
                dark = near & (picture[TURN - 1].mean(axis=-1) < 90)
                # 12 px wide are 6 px of what a network sees of a clip of 96 px at 48 px.
                assert np.pi * 6**2 < dark.sum() < np.pi * 7.5**2
                offset = np.array([x[dark].mean(), y[dark].mean()]) - centre
                np.testing.assert_allclose(offset, sign * 9 * towards, atol=0.8)


def test_vectors_tell_the_members_of_a_pair_apart_only_after_the_turn(pairs, vectors_of):
    for direction, (frames, truth), (mirrored, its_truth) in pairs:
        one, other = vectors_of(frames), vectors_of(mirrored)
        assert (one[:TURN] == other[:TURN]).all(axis=-1).mean() > 0.85
        inside, its_inside = block_truth(truth).inside, block_truth(its_truth).inside
        before, its_before = one[:TURN][inside[:TURN]].mean(axis=0), other[:TURN][its_inside[:TURN]].mean(axis=0)
        assert before @ DIRECTIONS[direction] > 1.5
        np.testing.assert_allclose(before, its_before, atol=0.1)
        towards = truth.displacement[TURN, 0] / np.linalg.norm(truth.displacement[TURN, 0])
        assert abs(before @ towards) < 0.02
        assert abs(its_before @ towards) < 0.02
        assert one[TURN:][inside[TURN:]].mean(axis=0) @ towards > 1.5
        assert other[TURN:][its_inside[TURN:]].mean(axis=0) @ towards < -1.5


def test_vectors_follow_the_truth(follow):
    cells = [(CONTEXTS[(n + n // 8) % 8], MOTIONS[n % 8]) for n in range(24)]
    measured = follow(make_future_video, cells)
    for motion in MOTIONS:
        assert measured.correlation('inside', motion) >= 0.98
    found, _ = measured.pairs('outside')
    assert (found == 0).all(axis=-1).mean() >= 0.9
