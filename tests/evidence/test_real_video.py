"""Read-outs by person, and how little 23 clips say."""

import numpy as np
import pytest
from real_video import by_person, wilson

from cmvl_mm.evaluation.features import Features


def test_nobody_is_searched_by_himself():
    """Features that tell the person and nothing else: within a person all is found, between persons nothing."""
    persons, labels = np.repeat(np.arange(4), 6), np.tile([0, 1], 12)
    features = np.eye(4, dtype=np.float32)[persons] * 10
    features[:, 0] += labels * (persons == 0)  # person 0's clips do tell fall from adl, to himself
    paths = np.array([f'Subject{who}_{number}.mp4' for number, who in enumerate(persons)])
    found = Features(features, labels, np.ones(24, bool), paths)
    assert by_person(found)['R@1'] == pytest.approx(50, abs=1)
    telling = Features(features + 100 * np.eye(4, dtype=np.float32)[labels], labels, np.ones(24, bool), paths)
    assert by_person(telling) == {'R@1': 100, 'kNN': 100, 'probe': 100}


def test_wilsons_interval():
    """10 of 23, by the formula's published example values: symmetric in p, inside 0 ... 100, never of no width."""
    low, high = wilson(100 * 10 / 23, 23)
    assert (low, high) == pytest.approx((25.64, 63.19), abs=0.05)
    assert wilson(100, 23)[1] == pytest.approx(100)
    assert wilson(100, 23)[0] == pytest.approx(100 - wilson(0, 23)[1]) == pytest.approx(85.69, abs=0.05)
