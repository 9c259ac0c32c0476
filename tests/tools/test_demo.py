"""The demo's own arithmetic: splits and budgets."""

import pytest

from cmvl_mm.datasets.annotation import Entry


@pytest.fixture
def demo(tool):
    return tool('demo')


def test_split_keeps_every_class_in_training_and_shares_no_video(demo):
    entries = [Entry(f'{label}/{i}.mp4', label) for label, count in ((0, 12), (1, 5), (2, 1)) for i in range(count)]
    train, test = demo.split_by_class(entries)
    assert sorted(train + test) == sorted(entries)
    assert {entry.label for entry in train} == {0, 1, 2}
    assert [sum(entry.label == label for entry in test) for label in range(3)] == [3, 1, 0]


def test_budget_is_kept_whatever_the_length_of_the_list(demo):
    for videos in (16, 100, 576, 40_000):
        epochs = next(int(option.split('=')[1]) for option in demo.schedule(videos, 16, 1080) if 'max_epochs' in option)
        iterations = epochs * (videos // 16)
        assert iterations >= 1080
        assert iterations < 1080 + videos // 16 or epochs == 4


def test_one_folder_serves_one_set_of_videos(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert demo.claim_work_dir(None, None) == demo.claim_work_dir(None, None)
    assert demo.claim_work_dir(None, '/some/holiday').name == 'demo_holiday'
    with pytest.raises(SystemExit, match='holds a demo on the controlled set'):
        demo.claim_work_dir('work_dirs/demo', '/some/holiday')
