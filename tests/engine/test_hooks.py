"""Skipped videos are counted, reported once, and stop the run past their share."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.hooks import LoggerHook
from mmengine.logging import MessageHub

from cmvl_mm.datasets.stand_ins import Skipped
from cmvl_mm.engine import hooks
from cmvl_mm.engine.hooks import SeedIterationHook, SkippedVideosHook, TooManyBrokenVideos


@pytest.fixture
def runner(caplog):
    caplog.set_level(logging.INFO)
    return SimpleNamespace(
        logger=logging.getLogger('hooks'),
        train_dataloader=SimpleNamespace(dataset=range(40)),
        hooks=[LoggerHook(interval=3)],
        seed=1,
        iter=0,
        message_hub=MessageHub('hooks'),
    )


def batch(*skipped, fallback=False):
    sample = ActionDataSample()
    sample.set_metainfo(dict(skipped=list(skipped), iframe_fallback=fallback))
    return dict(data_samples=[sample])


def broken(name):
    return Skipped(name, 'broken', f'{name}: decode: it is damaged')


def test_report_names_each_file_once(runner, caplog):
    hook = SkippedVideosHook()
    hook.after_train_iter(runner, 0, batch(broken('a.mp4'), Skipped('b.mp4', 'short', 'b.mp4: too short')))
    hook.after_train_iter(runner, 1, batch(broken('a.mp4'), fallback=True))
    hook.after_train_epoch(runner)
    hook.after_train_epoch(runner)
    assert caplog.text.count('a.mp4: decode') == 1
    assert '1 unreadable, 1 too short, of 40' in caplog.text
    assert '1 of 2 samples' in caplog.text
    assert caplog.text.count('1 videos have fewer frames than this config needs') == 1
    assert 'sample.past_end=repeat_last' in caplog.text


@pytest.mark.parametrize('other', [torch.arange(3), dict(inputs=torch.arange(3)), [torch.arange(3)]])
def test_a_batch_of_another_data_set_counts_nothing(runner, caplog, other):
    hook = SkippedVideosHook()
    hook.after_train_iter(runner, 0, other)
    hook.after_train_epoch(runner)
    assert '0 unreadable, 0 too short' in caplog.text
    assert '0 of 0 samples' in caplog.text


def test_clips_far_from_an_i_frame_are_a_warning_once_with_share_reason_and_remedy(runner, caplog):
    for far, warnings in ((1, 0), (3, 1)):
        hook = SkippedVideosHook()
        caplog.clear()
        for _ in range(2):  # epochs
            for number in range(10):
                hook.after_train_iter(runner, number, batch(fallback=number < far))
            hook.after_train_epoch(runner)
        told = [record.getMessage() for record in caplog.records if record.levelname == 'WARNING']
        assert len(told) == warnings
    assert told[0].startswith('30 % of the clips (3 of 10 samples here) have no I-frame near them')
    assert 'unprepared videos' in told[0]
    assert 'Remedy: run cmvl prepare' in told[0]


def test_run_stops_just_past_the_share_and_lists_the_files(runner):
    """With the next line of the log, here after every third iteration."""
    hook = SkippedVideosHook(max_broken_share=0.05)
    for batch_idx in range(3):
        hook.after_train_iter(runner, batch_idx, batch(broken('b.mp4'), broken('a.mp4')))  # 5 % of 40: still allowed
    hook.after_train_iter(runner, 3, batch(broken('c.mp4')))
    hook.after_train_iter(runner, 4, batch())
    with pytest.raises(TooManyBrokenVideos, match=r'(?s)3 of 40 .* 5% .*a\.mp4.*b\.mp4.*c\.mp4'):
        hook.after_train_iter(runner, 5, batch())


def test_run_stops_at_the_end_of_an_epoch_without_a_line_of_the_log(runner, caplog):
    hook = SkippedVideosHook(max_broken_share=0.0)
    hook.after_train_iter(runner, 0, batch(broken('a.mp4')))
    with pytest.raises(TooManyBrokenVideos, match=r'a\.mp4'):
        hook.after_train_epoch(runner)


def test_processes_have_one_list_and_stop_together(runner, monkeypatch):
    """Two processes, each of which alone stays below the share; they speak only when a line of the log is due."""
    mine, theirs = SkippedVideosHook(0.05), SkippedVideosHook(0.05)
    met = {mine: ['a.mp4', 'c.mp4', 'd.mp4'], theirs: ['b.mp4', 'c.mp4']}
    for hook, paths in met.items():
        for batch_idx, path in enumerate(paths[:2]):
            hook.after_train_iter(runner, batch_idx, batch(broken(path)))
    exchanged = [dict(mine.news), dict(theirs.news)]
    monkeypatch.setattr(hooks, 'all_gather_object', lambda news: exchanged)
    messages = []
    for hook in met:
        with pytest.raises(TooManyBrokenVideos, match='3 of 40') as caught:
            hook.after_train_iter(runner, 2, batch())
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert mine.skipped == theirs.skipped
    assert not mine.news


def test_a_resumed_run_goes_on_counting(runner):
    SkippedVideosHook().after_train_iter(runner, 0, batch(broken('a.mp4'), broken('b.mp4')))
    saved = runner.message_hub.state_dict()
    runner.message_hub = MessageHub('resumed')
    runner.message_hub.load_state_dict(saved)
    resumed = SkippedVideosHook(max_broken_share=0.05)
    resumed.before_train(runner)
    with pytest.raises(TooManyBrokenVideos, match=r'(?s)3 of 40 .*a\.mp4.*b\.mp4.*c\.mp4'):
        resumed.after_train_iter(runner, 2, batch(broken('c.mp4')))


def test_short_videos_stop_nothing(runner):
    hook = SkippedVideosHook(max_broken_share=0.0)
    hook.after_train_iter(runner, 2, batch(*(Skipped(f'{i}.mp4', 'short', 'short') for i in range(30))))
    assert len(hook.skipped) == 30


def test_share_must_be_one(runner):
    with pytest.raises(ValueError, match='max_broken_share=5'):
        SkippedVideosHook(max_broken_share=5)


@pytest.mark.parametrize('draws', [lambda: torch.rand(3).tolist(), lambda: np.random.rand(3).tolist()])
def test_draws_depend_on_seed_iteration_and_process_alone(runner, monkeypatch, draws):
    hook = SeedIterationHook()

    def draw(iteration, seed=1):
        runner.iter, runner.seed = iteration, seed
        hook.before_train_iter(runner, 0)
        return draws()

    first = draw(4)
    torch.rand(100)
    np.random.rand(100)
    assert draw(4) == first
    assert draw(5) != first
    assert draw(4, seed=2) != first
    # of the batches that processes see at one iteration, each has a dropout of its own
    monkeypatch.setattr(hooks, 'get_rank', lambda: 1)
    assert draw(4) != first
