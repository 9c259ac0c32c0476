"""Skipped videos are counted, reported once, and stop the run past their share."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.logging import MessageHub

from cmvl_mm.datasets.dataset import Skipped
from cmvl_mm.engine.hooks import SeedIterationHook, SkippedVideosHook, TooManyBrokenVideos


@pytest.fixture
def runner(caplog):
    caplog.set_level(logging.INFO)
    return SimpleNamespace(
        logger=logging.getLogger('hooks'),
        train_dataloader=SimpleNamespace(dataset=range(40)),
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
    assert '1 broken, 1 too short, of 40' in caplog.text
    assert '1 of 2 samples' in caplog.text


def test_run_stops_just_past_the_share_and_lists_the_files(runner):
    hook = SkippedVideosHook(max_broken_share=0.05)
    hook.after_train_iter(runner, 0, batch(broken('a.mp4'), broken('b.mp4')))  # 2 of 40 are 5 %, still allowed
    with pytest.raises(TooManyBrokenVideos, match=r'(?s)3 of 40 .* 5% .*a\.mp4.*b\.mp4.*c\.mp4'):
        hook.after_train_iter(runner, 1, batch(broken('c.mp4')))


def test_a_resumed_run_goes_on_counting(runner):
    SkippedVideosHook().after_train_iter(runner, 0, batch(broken('a.mp4'), broken('b.mp4')))
    saved = runner.message_hub.state_dict()
    runner.message_hub = MessageHub('resumed')
    runner.message_hub.load_state_dict(saved)
    resumed = SkippedVideosHook(max_broken_share=0.05)
    resumed.before_train(runner)
    with pytest.raises(TooManyBrokenVideos, match=r'(?s)3 of 40 .*a\.mp4.*b\.mp4.*c\.mp4'):
        resumed.after_train_iter(runner, 1, batch(broken('c.mp4')))


def test_short_videos_stop_nothing(runner):
    hook = SkippedVideosHook(max_broken_share=0.0)
    hook.after_train_iter(runner, 0, batch(*(Skipped(f'{i}.mp4', 'short', 'short') for i in range(30))))


def test_share_must_be_one(runner):
    with pytest.raises(ValueError, match='max_broken_share=5'):
        SkippedVideosHook(max_broken_share=5)


def test_torch_draws_depend_on_seed_and_iteration_alone(runner):
    hook = SeedIterationHook()

    def draw(iteration, seed=1):
        runner.iter, runner.seed = iteration, seed
        hook.before_train_iter(runner, 0)
        return torch.rand(3).tolist()

    first = draw(4)
    torch.rand(100)
    assert draw(4) == first
    assert draw(5) != first
    assert draw(4, seed=2) != first
