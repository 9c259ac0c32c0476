"""How long a training on own videos is, and which videos it can use."""

import re

import pytest

from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.engine.config import load_config
from cmvl_mm.prepare.own_lists import OwnVideosError
from cmvl_mm.video.describe import FEWEST_FRAMES
from cmvl_mm.workflows.plan import chances, fit_batch, fit_epochs, long_enough, need_of
from cmvl_mm.workflows.pretrain import Pretrained, figures_of
from cmvl_mm.workflows.training import fit_to

KEY = 'train_dataloader.dataset.pipeline.sample'
ENTRIES = [Entry(f'{name}.mp4', None) for name in 'abcdef']


@pytest.mark.parametrize(
    ('name', 'options', 'frames', 'why'),
    [
        ('own/pretrain', {}, 41, '16 frames at stride 2 spans 31; a gap of 2 and 8 frames of motion follow'),
        ('pretrain_c3d_ucf', {}, 71, '16 frames at stride 4 spans 61; a gap of 2 and 8 frames of motion follow'),
        ('own/pretrain', {f'{KEY}.frame_interval': 1}, 26, 'at stride 1 spans 16'),
        ('own/pretrain', {f'{KEY}.future_gap': -8}, 31, 'the 8 frames of motion start 8 before its end'),
    ],
)
def test_a_config_says_how_many_frames_it_needs_and_why(name, options, frames, why):
    need = need_of(load_config(name, options))
    assert need is not None
    assert need.frames == frames
    assert why in need.why


def test_cmvl_info_knows_how_many_frames_pretraining_needs():
    need = need_of(load_config('own/pretrain'))
    assert need is not None
    assert need.frames == FEWEST_FRAMES


def test_a_policy_for_short_videos_needs_no_frames():
    assert need_of(load_config('own/pretrain', {f'{KEY}.past_end': 'repeat_last'})) is None
    assert need_of(load_config('own/finetune')) is None


def test_of_a_stage_of_ones_own_nobody_knows_frames_and_windows():
    config = load_config('own/pretrain')
    config.train_dataloader.dataset.pipeline[0] = dict(type='SampleArrow')
    assert need_of(config) is None
    assert chances(config) == {'acc_context': 1 / config.train_dataloader.batch_size}


def test_short_videos_are_left_out_with_number_reason_and_policy():
    need = need_of(load_config('own/pretrain'))
    frames = {entry.path: 40 if entry.path == 'c.mp4' else 41 for entry in ENTRIES}
    kept, said = long_enough(ENTRIES, frames, need)
    assert [entry.path[0] for entry in kept] == list('abdef')
    assert said is not None
    words = r'1 of 6 videos have fewer than the 41 frames .*spans 31.*: c\.mp4 \(40\)\. .*sample\.past_end=repeat_last'
    assert re.match(words, said)
    assert long_enough(ENTRIES, frames, None) == (ENTRIES, None)
    with pytest.raises(OwnVideosError, match=r'^3 videos are too few.*3 of 6 videos have fewer than the 41'):
        long_enough(ENTRIES, frames | dict.fromkeys(('a.mp4', 'b.mp4'), 9), need)


def test_few_videos_have_more_epochs_and_a_batch_of_half_of_them():
    assert [fit_batch(count, 16) for count in (4, 5, 31, 32, 1000)] == [2, 2, 15, 16, 16]
    assert fit_epochs(1000, 16, 60, 16) == 60
    assert fit_epochs(500, 16, 60, 16) == 120
    assert fit_epochs(20, 10, 60, 16) == 600
    assert fit_epochs(100_000, 16, 60, 16) == 60


def test_what_is_chosen_follows_the_schedule_and_what_is_said_stays():
    config = load_config('own/pretrain')
    assert fit_to(config, 100, 40, {}).startswith('100 videos, 40 epochs of 6 steps of 16 clips: 240 steps on ')
    assert (config.train_cfg.max_epochs, config.param_scheduler[-1].end) == (40, 40)
    safe = '. Ctrl-C is safe: repeat the command to resume.'
    line = fit_to(load_config('own/pretrain'), 3, 1, {})
    assert line.startswith('3 videos, 1 epoch of 1 step of 2 clips: 1 step on ')
    assert line.endswith(safe)
    default = fit_to(load_config('own/pretrain'), 10, None, {})
    assert '10 videos, 500 epochs of 2 steps' in default
    assert default.endswith(safe.replace('. ', '. For fewer, pass --epochs N. ', 1))
    assert config.default_hooks.checkpoint.interval == 2
    options = {'train_dataloader.batch_size': 4, 'train_cfg.max_epochs': 7, 'default_hooks.checkpoint.interval': 3}
    config = load_config('own/pretrain', options)
    fit_to(config, 100, None, options)
    kept = config.train_dataloader.batch_size, config.train_cfg.max_epochs, config.default_hooks.checkpoint.interval
    assert kept == (4, 7, 3)


def test_chances_of_the_pretext_tasks():
    assert chances(load_config('own/pretrain')) == {'acc_context': 1 / 16, 'acc_motion': 1 / (16 * 4 * 25)}
    assert chances(load_config('residual/target_demo'))['acc_residual'] == 1 / (16 * 4 * 36)
    assert chances(load_config('own/finetune')) == {}


def test_the_heads_of_other_methods_have_their_figures_too():
    rows = [
        dict(epoch=epoch, loss=1.0, loss_arrow=0.8 - 0.1 * epoch, acc_arrow=0.25 * epoch, acc_context=0.5)
        for epoch in (1, 2)
    ]
    rows[1]['loss_late'] = 0.1  # of a head that has not begun in epoch 1
    figures = figures_of(rows, 2, dict(acc_context=0.125))
    assert list(figures) == ['acc_context', 'acc_arrow', 'loss_arrow']
    assert figures['acc_arrow'] == dict(first=0.25, last=0.5)
    assert figures['acc_context']['chance'] == 0.125
    words = Pretrained('out', 'out/epoch_2.pth', 6, 0, 2, figures, ()).in_words()
    assert re.search(r'acc_arrow, % +25\.00 +50\.00', words)
    assert re.search(r'loss_arrow +0\.70 +0\.60', words)
