"""Crops and colours are drawn once a clip, or once a frame where a method asks for it; labels travel to the device."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmaction.structures import ActionDataSample
from rival_samples import CodedVideo, packed, plain_crop

from cmvl_mm.rivals.recognizer import stack_labels

VCOP = dict(type='SampleVCOP')
CROP = dict(type='CropFlipEach', size=32, area=(0.3, 0.5), aspect=(1.0, 1.0), flip_prob=0.5)
PACK = dict(type='PackPretext')


def without_number(clips):
    """(K, 3, T, H, W) -> the channels that say the place: the frame's number changes, the place must not."""
    return clips[:, 1:]


def test_a_crop_is_the_same_in_all_frames_of_a_clip_and_another_in_the_next_clip():
    clips = without_number(packed(VCOP, 1, CROP, PACK)['inputs']['imgs'])
    assert (clips == clips[:, :, :1]).all()
    assert not torch.equal(clips[0, :, 0], clips[1, :, 0])
    assert not torch.equal(clips[1, :, 0], clips[2, :, 0])


def test_a_shared_crop_is_one_for_all_clips_and_jitter_moves_it_by_little():
    shared = without_number(packed(VCOP, 1, dict(CROP, boxes='shared', flips='shared'), PACK)['inputs']['imgs'])
    assert (shared == shared[:1, :, :1]).all()
    moved = without_number(
        packed(VCOP, 1, dict(CROP, boxes='shared', jitter=0.2, flip_prob=0.0), PACK)['inputs']['imgs']
    )
    lefts = moved[:, 0, 0, 0, 0].float() / 2  # column of the first pixel
    assert len(set(lefts.tolist())) > 1
    assert lefts.max() - lefts.min() <= 0.2 * np.sqrt(0.5 * 64 * 80) + 1


@pytest.mark.parametrize(('flips', 'kinds'), [('own', {1, 2}), ('shared', {1})])
def test_flips_are_each_clips_own_or_shared_whatever_the_boxes_are(flips, kinds):
    seen, ways = set(), set()
    for seed in range(20):
        columns = packed(VCOP, seed, dict(CROP, flips=flips), PACK)['inputs']['imgs'][:, 1, 0, 9].int()
        mirrored = (columns[:, 0] > columns[:, -1]).tolist()
        seen.add(len(set(mirrored)))
        ways |= set(mirrored)
    assert seen == kinds
    assert ways == {True, False}


def test_rotation_is_one_angle_a_clip():
    clips = packed(VCOP, 2, plain_crop(rotation=30.0), PACK)['inputs']['imgs']
    corner = clips[:, 1:, :, 0, 0]  # black where a turned picture leaves the corner
    assert (corner == corner[:, :, :1]).all()
    assert not (clips[:, 1:] == clips[:1, 1:]).all()


@pytest.mark.parametrize(('each', 'kinds'), [('clip', 3), ('frame', 48)])
def test_colours_are_drawn_for_each_clip_or_each_frame(each, kinds):
    colour = dict(type='AugmentColourEach', each=each, blur_prob=0.0, jitter_prob=1.0, contrast=0.0, saturation=0.0)
    colour |= dict(hue=0.0, brightness=0.5)
    plain = packed(VCOP, 1, plain_crop(boxes='shared'), PACK)['inputs']['imgs'][:, 1:, :, 20, 20].float()
    bright = packed(VCOP, 1, plain_crop(boxes='shared'), colour, PACK)['inputs']['imgs'][:, 1:, :, 20, 20].float()
    factors = (bright / plain).mean(1)  # (clip, frame)
    assert (torch.unique((factors * 30).round()).numel() > 10) == (kinds == 48)
    if kinds == 3:
        torch.testing.assert_close(factors, factors[:, :1].expand(-1, 16))
        assert len(set(factors[:, 0].tolist())) == 3


def test_one_channel_is_copied_to_all_three_and_drawn_for_each_frame():
    colour = dict(type='AugmentColourEach', each='frame', blur_prob=0.0, jitter_prob=0.0, channel='one')
    clips = packed(VCOP, 1, plain_crop(boxes='shared'), colour, PACK)['inputs']['imgs']
    assert (clips == clips[:, :1]).all()
    ramps = clips[:, 0].float().var((2, 3)) > 0  # the number's channel is flat, those of places are not
    assert 0 < ramps.float().mean() < 1


def test_wrong_settings_are_refused():
    for stage, message in (
        (dict(type='CropFlipEach', boxes='each'), "boxes='each'"),
        (dict(type='CropFlipEach', flips='none'), "flips='none'"),
        (dict(type='CropFlipEach', jitter=1.0), 'jitter=1.0'),
        (dict(type='CropFlipEach', rotation=200), 'rotation=200'),
        (dict(type='AugmentColourEach', each='video'), "each='video'"),
        (dict(type='AugmentColourEach', channel='red'), "channel='red'"),
        (dict(type='AugmentColourEach', where='device'), "where='device'"),
    ):
        with pytest.raises(ValueError, match=message):
            TRANSFORMS.build(stage)


def test_labels_are_stacked_and_their_absence_is_named():
    samples = [packed(VCOP, seed, plain_crop(), PACK)['data_samples'] for seed in range(4)]
    found = stack_labels(samples, torch.device('cpu'))
    assert found.keys() == {'order'}
    assert found['order'].tolist() == [sample.pretext['order'].item() for sample in samples]
    assert found['order'].dtype == torch.int64
    for wrong in ([], [ActionDataSample()]):
        with pytest.raises(ValueError, match='PackPretext'):
            stack_labels(wrong, torch.device('cpu'))


def test_clips_without_their_axis_are_refused():
    model = MODELS.build(
        dict(
            type='PretextRecognizer',
            backbone=dict(type='VideoResNet', width=4, block='basic', depths=(1, 1, 1, 1)),
            pretext_head=dict(type='RotNetHead', in_channels=32),
        )
    )
    with pytest.raises(ValueError, match=r'imgs must be \(B, clips, 3, T, H, W\)'):
        model(dict(imgs=torch.zeros(2, 3, 4, 8, 8)), [], mode='loss')


def test_every_stage_leaves_out_videos_without_room():
    from cmvl_mm.datasets.sampling import VideoTooShort

    spans = dict(
        RotNet=31, Pace=61, VCOP=64, SpeedNet=140, PRP=125, VCP=96, ShuffleLearn=91, OPN=46, Blocks=118, Views=61
    )
    spans |= dict(DSM=122, Tempos=63, Puzzle=96, TilesAndFrames=25, IIC=17, TCLR=63)
    for kind, span in spans.items():
        stage = TRANSFORMS.build(dict(type=f'Sample{kind}'))
        with pytest.raises(VideoTooShort, match=f'has {span - 1} frames, but .* needs {span}'):
            stage(dict(video=CodedVideo(span - 1), rng=np.random.default_rng(0)))
        clips = stage(dict(video=CodedVideo(span), rng=np.random.default_rng(0)))['clip_frames']
        assert clips.min() >= 0
        assert clips.max() <= span - 1
