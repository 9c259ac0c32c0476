"""Read-outs by person, and how little 23 clips say."""

import few_labels
import numpy as np
import pytest
import real_video
import rows
import store
from real_video import by_person, person, wilson
from trainings import trainings_of_start

from cmvl_mm.evaluation.features import Features


def test_person_is_read_from_the_name():
    assert person('videos/fall/Subject3_15.mp4') == 'Subject3'


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


def test_only_weights_that_something_missing_begins_with_are_wanted(tmp_path, monkeypatch):
    for module in (few_labels, real_video, rows, store):
        monkeypatch.setattr(module, 'WORK', tmp_path / 'evidence')
    monkeypatch.setattr(store, 'PUBLISHED', tmp_path / 'results.json')
    root = tmp_path / 'evidence/falls'
    (root / 'annotations').mkdir(parents=True)
    lines = ''.join(f'videos/{label}/Subject1_{number}.mp4 {label}\n' for label in (0, 1) for number in range(4))
    (root / 'annotations/train_fall.txt').write_text(lines)

    everything = {(row, seed) for row in ('iframes', 'motion_vectors', 'both') for seed in (0, 1)}
    assert real_video.wanted_weights(range(2), root) == everything
    pieces = {'falls_both': real_video.settings_of_read_out('both', 1, root)}
    trainings = trainings_of_start('both', 1)
    pieces |= {name: store.digest(config, *trainings) for name, config in real_video.finetunings('both', 1).items()}
    assert len(pieces) == 3
    for number, (name, settings) in enumerate(pieces.items()):
        assert ('both', 1) in real_video.wanted_weights(range(2), root), number
        store.publish([store.result(name, 1, 'test', {'top1': 1.0}, 0.3, settings)])
    assert real_video.wanted_weights(range(2), root) == everything - {('both', 1)}
