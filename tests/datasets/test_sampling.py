"""Frames of a sample mean what the paper says they mean."""

from collections import Counter

import numpy as np
import pytest

from cmvl_mm.datasets import sampling
from cmvl_mm.datasets.sampling import VideoTooShort


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_spans_of_the_paper():
    assert sampling.clip_span(16, 4) == 61
    assert sampling.pretraining_span(16, 4, 2, 8) == 71


def test_a_negative_gap_lays_the_window_into_the_clip():
    assert sampling.pretraining_span(16, 4, -8, 8) == 61
    assert sampling.pretraining_span(16, 4, -61, 8) == 61
    with pytest.raises(ValueError, match='future_gap=-62'):
        sampling.pretraining_span(16, 4, -62, 8)


def test_nearest_iframes():
    keyframes = np.array([0, 12, 24])
    assert sampling.nearest_iframes(keyframes, np.array([0, 5, 6, 7, 18, 19, 500])).tolist() == [
        0,
        0,
        0,
        12,
        12,
        24,
        24,
    ]


def test_random_starts_cover_exactly_what_fits():
    starts = Counter(sampling.random_start(rng(i), 75, 71) for i in range(300))
    assert set(starts) == {0, 1, 2, 3, 4}
    assert sampling.random_start(rng(), 20, 71) == 0


def test_bin_centres_of_a_long_video():
    # 161 frames leave starts 0..100: ten bins of 10, centres 5, 15, …, 95
    assert sampling.bin_centre_starts(161, 61, 10).tolist() == list(range(5, 100, 10))
    assert sampling.bin_centre_starts(30, 61, 10).tolist() == [0] * 10


def test_sliding_clips_overlap_by_half_and_stay_inside():
    assert sampling.sliding_starts(10, 4).tolist() == [0, 2, 4, 6]  # frames 6 ... 9 are the last four
    assert sampling.sliding_starts(11, 4).tolist() == [0, 2, 4, 6]
    assert sampling.sliding_starts(12, 4).tolist() == [0, 2, 4, 6, 8]
    assert sampling.sliding_starts(181, 61).tolist() == [0, 30, 60, 90, 120]
    assert sampling.sliding_starts(61, 61).tolist() == sampling.sliding_starts(20, 61).tolist() == [0]
    assert sampling.sliding_starts(3, 1).tolist() == [0, 1, 2]


def test_past_end_policies():
    indices = np.array([0, 4, 8, 12])
    assert sampling.fit_to_end(indices, 10, 'repeat_last').tolist() == [0, 4, 8, 9]
    assert sampling.fit_to_end(indices, 10, 'repeat_first').tolist() == [0, 4, 8, 0]
    assert sampling.fit_to_end(indices[None], 5, 'repeat_first').tolist() == [[0, 4, 0, 0]]
    assert sampling.fit_to_end(indices, 10, 'loop').tolist() == [0, 4, 8, 2]
    with pytest.raises(VideoTooShort, match='needs 13 frames, but the video has 10'):
        sampling.fit_to_end(indices, 10, 'error')
    assert sampling.fit_to_end(indices, 13, 'error').tolist() == [0, 4, 8, 12]
    with pytest.raises(ValueError, match='wrap'):
        sampling.fit_to_end(indices, 10, 'wrap')


def test_iframe_is_any_key_frame_near_the_clip():
    keyframes = np.arange(0, 240, 12)
    found = {sampling.surrounding_iframe(rng(i), keyframes, 43, 103, 5) for i in range(200)}
    assert found == {(k, False) for k in (48, 60, 72, 84, 96, 108)}


def test_iframe_margin_is_inclusive():
    keyframes = np.array([0, 38, 108, 200])
    assert {sampling.surrounding_iframe(rng(i), keyframes, 43, 103, 5)[0] for i in range(50)} == {38, 108}
    assert {sampling.surrounding_iframe(rng(i), keyframes, 44, 102, 5) for i in range(50)} == {(38, True)}


def test_without_key_frame_nearby_the_one_before_is_taken_and_said_so():
    assert sampling.surrounding_iframe(rng(), np.array([0, 160]), 50, 110, 5) == (0, True)


@pytest.mark.parametrize('first', [0, 20, 63, 92])
def test_hard_negatives_share_no_frame_with_the_positive(first):
    positive = np.arange(first, first + 8)
    seen = set()
    for seed in range(400):
        starts = sampling.hard_negative_starts(rng(seed), 100, positive, 3)
        assert len(set(starts)) == 3
        for start in starts:
            window = set(range(start, start + 8))
            assert not window & set(positive)
            assert max(window) <= 99
            seen.add(int(start))
    # every window that fits is drawn sooner or later, the ones that touch the positive included
    assert seen == {s for s in range(93) if s + 8 <= first or s > first + 7}


def test_hard_negatives_repeat_only_where_there_is_no_room():
    starts = sampling.hard_negative_starts(rng(), 16, np.arange(8, 16), 3)
    assert starts.tolist() == [0, 0, 0]
    with pytest.raises(VideoTooShort, match='beside the positive'):
        sampling.hard_negative_starts(rng(), 15, np.arange(7, 15), 3)
    assert len(sampling.hard_negative_starts(rng(), 8, np.arange(8), 0)) == 0


def test_hard_negatives_keep_clear_of_a_window_that_wraps_round():
    positive = np.array([68, 69, 0, 1, 2, 3, 4, 5])
    for seed in range(50):
        for start in sampling.hard_negative_starts(rng(seed), 70, positive, 3):
            assert not set(range(start, start + 8)) & set(positive)
            assert start + 7 < 70
