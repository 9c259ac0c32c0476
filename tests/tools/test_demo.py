"""The demo's own arithmetic: splits, counts, verdicts and budgets."""

import numpy as np
import pytest

from cmvl_mm.datasets.annotation import read_list


@pytest.fixture
def demo(tool):
    return tool('demo')


def test_own_videos_are_split_by_recording_and_counted(demo, tmp_path, monkeypatch, capsys):
    """prepare_videos.py stood in for: 5 recordings of 6 clips, whose neighbours look alike."""
    prepared = tmp_path / 'prepared'
    prepared.mkdir()
    names = [f'{("fall", "walk")[i % 2]}/cam{recording}_{i}.mp4 {i % 2}' for recording in range(5) for i in range(6)]
    (prepared / 'all.txt').write_text(''.join(f'{name}\n' for name in names))
    monkeypatch.setattr(demo.Job, 'run', lambda *_: None)
    videos = demo.own_videos(tmp_path / 'mine', demo.Job(tmp_path, None))
    train, test = (read_list(file, 'required') for file in videos.lists['class'])
    recordings = [{entry.path.split('/')[1].split('_')[0] for entry in part} for part in (train, test)]
    assert not recordings[0] & recordings[1]
    assert (len(train), len(test)) == (24, 6)
    assert set(demo.groups_of(videos, [entry.path for entry in test])) == recordings[1]
    assert (
        '24 training and 6 test videos, 2 classes; recordings, told apart by name: 4 in training, 1 in the test'
        in capsys.readouterr().out
    )


def test_one_recording_a_class_is_no_test(demo, tmp_path, monkeypatch, capsys):
    prepared = tmp_path / 'prepared'
    prepared.mkdir()
    (prepared / 'all.txt').write_text('a/cam1_1.mp4 0\na/cam1_2.mp4 0\nb/cam1_3.mp4 1\nc/cam1_4.mp4 1\n')
    monkeypatch.setattr(demo.Job, 'run', lambda *_: None)
    monkeypatch.setattr(demo, 'by_name', lambda paths: ['cam1'] * len(paths))
    assert demo.own_videos(tmp_path / 'mine', demo.Job(tmp_path, None)).lists == {}
    assert '4 training and 0 test videos with recordings kept whole' in capsys.readouterr().out


def test_the_table_says_what_is_no_result(demo):
    few = demo.Comparison('top-1, class label', 50.0, np.arange(24) < 12, np.arange(24) < 14)
    results = [('from scratch', 'from pretrained', [few])]
    table = demo.text_table(demo.result_table(results))
    assert table.splitlines()[2].endswith('within noise')
    assert demo.warnings_of(results) == [
        'top-1, class label: within noise. 24 test videos cannot tell "from scratch" and "from pretrained" apart.'
    ]


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
    with pytest.raises(SystemExit, match='this folder has a demo on the controlled set'):
        demo.claim_work_dir('work_dirs/demo', '/some/holiday')
