"""A row about two systems: what it shows, and what it refuses to call a result."""

import numpy as np

from cmvl_mm.evaluation.comparison import Comparison, hits_text
from cmvl_mm.evaluation.intervals import bootstrap_mean, wilson


def test_a_row_has_both_figures_and_their_difference():
    row = Comparison('R@1', 12.5, np.arange(200) < 60, np.arange(200) < 120).row()
    low, high = (100 * end for end in wilson(60, 200))
    assert row[:3] == ['R@1', '12.5', f'30.0 ({low:.1f} to {high:.1f})']
    assert row[4].startswith('+30.0 (+')
    assert row[5] == 'above noise'
    assert Comparison('R@1', 12.5, np.arange(200) < 60, np.arange(200) < 120).sentence('a', 'b') is None


def test_few_videos_are_no_result_and_the_sentence_says_so():
    few = Comparison('top-1', 50.0, np.arange(24) < 12, np.arange(24) < 14)
    assert few.row()[-1] == 'within noise'
    assert few.sentence('scratch', 'pretrained') == (
        'top-1: within noise. 24 test videos cannot tell "scratch" and "pretrained" apart.'
    )


def test_clips_of_one_camera_count_once():
    """The second is right on one camera's 12 clips more: as clips far above noise, as cameras not."""
    groups = [f'camera {i // 12}' for i in range(48)]
    first, second = np.arange(48) < 0, np.arange(48) < 12
    assert Comparison('top-1', 50.0, first, second).row()[-1] == 'above noise'
    grouped = Comparison('top-1', 50.0, first, second, groups)
    assert grouped.row()[-1] == 'within noise'
    assert '48 test videos of 4 recordings' in grouped.sentence('a', 'b')
    low, high = (100 * end for end in bootstrap_mean(second, groups))
    assert hits_text(second, groups) == f'25.0 ({low:.1f} to {high:.1f})'
    low, high = (100 * end for end in wilson(0, 4))  # an empty bootstrap would claim to be sure
    assert hits_text(first, groups) == f'0.0 ({low:.1f} to {high:.1f})'


def test_one_recording_gives_no_verdict():
    one = Comparison('top-1', 50.0, np.zeros(6, bool), np.ones(6, bool), ['a'] * 6)
    assert one.row()[-1] == 'no interval: one recording'
    assert 'the figure may not hold for others' in one.sentence('a', 'b')
