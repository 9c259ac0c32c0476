"""What a backbone returned, and what is read from it: by shapes, by what is known, or not at all."""

import re

import pytest
import torch
from joined_batch import tiny
from mmaction.registry import MODELS
from mmengine.registry import DefaultScope
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.backbone_layout import Layout, layout_of
from cmvl_mm.models.feature_maps import CLIPS, extract, read
from cmvl_mm.models.recognizer import ContextMotionRecognizer

FRAMES = Layout(input='frames', several=None, grid=None)


def of_clips(returned, *, layout=CLIPS, clips=2):
    return read(returned, clips, layout, 'model.backbone (Net)')


def test_stages_are_their_maps_and_the_last_one_is_pooled():
    third, fourth = torch.randn(2, 4, 4, 6, 6), torch.randn(2, 8, 4, 3, 3)
    assert of_clips(fourth).maps == (fourth,)
    features = of_clips((third, fourth))
    assert features.maps == (third, fourth)
    torch.testing.assert_close(features.pooled(), fourth.flatten(2).mean(2))
    assert of_clips([fourth, fourth]).maps == (fourth, fourth)  # of one size, as dilated stages are


def test_two_pathways_become_one_map_that_both_train():
    slow, fast = torch.randn(2, 8, 2, 3, 3, requires_grad=True), torch.randn(2, 4, 6, 3, 3, requires_grad=True)
    (joined,) = of_clips((slow, fast)).maps
    assert joined.shape == (2, 12, 2, 3, 3)
    for frame in (0, 1):
        torch.testing.assert_close(joined[:, :4, frame], fast[:, :, 3 * frame : 3 * frame + 3].sum(2) / 3)
        torch.testing.assert_close(joined[:, 4:, frame], slow[:, :, frame])
    joined.square().sum().backward()
    assert (slow.grad != 0).all()
    assert (fast.grad != 0).all()
    # the classifier of MMAction2's head fits the joined map
    head = MODELS.build(dict(type='SlowFastHead', num_classes=3, in_channels=12, dropout_ratio=0))
    torch.testing.assert_close(head.fc_cls(of_clips((slow, fast)).pooled()), head((slow, fast)))


def test_equal_lengths_are_pathways_where_the_network_has_two():
    slow, fast = torch.randn(2, 8, 2, 3, 3), torch.randn(2, 4, 2, 3, 3)
    assert of_clips((slow, fast)).maps == (slow, fast)
    network = nn.Module()
    network.slow_path, network.fast_path = nn.Identity(), nn.Identity()
    assert of_clips((slow, fast), layout=layout_of(network)).maps[-1].shape == (2, 12, 2, 3, 3)
    assert of_clips((slow, fast), layout=layout_of(nn.Identity(), several='pathways')).maps[-1].shape[1] == 12
    long = torch.randn(2, 4, 4, 3, 3)
    assert of_clips((slow, long), layout=layout_of(network, several='stages')).maps == (slow, long)


def test_maps_with_class_tokens_are_the_maps():
    first, last, token = torch.randn(2, 4, 4, 6, 6), torch.randn(2, 8, 4, 3, 3), torch.randn(2, 8)
    assert of_clips(([first, token], [last, token])).maps == (first, last)
    assert of_clips(([last, token],)).maps == (last,)


def test_vectors_have_no_places():
    vectors = torch.randn(2, 8)
    features = of_clips((vectors,))
    assert features.pooled() is vectors
    torch.testing.assert_close(features.pooled_or_map().mean((2, 3, 4)), vectors)
    with pytest.raises(
        ValueError, match=r'motion_head needs a map .* model\.backbone \(Net\) .*\(2, 8\).*Remedy.*; or use this\.'
    ):
        features.last_map('motion_head', instead='this')


@pytest.mark.parametrize(
    ('model', 'remedy'),
    [
        (dict(neck=dict(type='FusedPretextNeck'), context_head=tiny('context').context_head), 'model.neck=None.'),
        (dict(motion_head=tiny('motion').motion_head), 'context_head or cls_head alone, which take vectors.'),
        (dict(test_cfg=dict(pool='max_2x2')), "pool='average'."),
    ],
    ids=['neck', 'motion', 'pool'],
)
def test_who_needs_places_is_told_what_does_without(model, remedy):
    model = MODELS.build(
        dict(type='ContextMotionRecognizer', backbone=nn.Sequential(nn.Flatten(), nn.LazyLinear(8)), **model)
    )
    imgs = torch.randn(2, 3, 8, 16, 16)
    mode = 'predict' if remedy.startswith('pool') else 'loss'
    with pytest.raises(ValueError, match=rf'needs a map.*; or use {re.escape(remedy)}'):
        model(dict(imgs=imgs, iframe=imgs[:, :, 0], motion=torch.randn(2, 2, 2, 8, 16, 16)), mode=mode)


@pytest.mark.parametrize(
    'returned',
    [torch.randn(2, 9, 8), torch.randn(2, 8, 3, 3), (torch.randn(2, 8, 2, 3, 3), torch.randn(2, 8, 3, 3, 3))],
    ids=['tokens', 'pictures', 'odd'],
)
def test_the_layout_of_the_backbone_is_no_remedy_for_a_target_network(returned):
    with pytest.raises(ValueError, match=r'^model\.motion_head\.m_network \(Net\) returned .*Remedy: ') as error:
        read(returned, 2, CLIPS, 'model.motion_head.m_network (Net)')
    assert 'backbone' not in str(error.value)
    with pytest.raises(ValueError, match=r'Remedy: .*model\.backbone_layout'):
        of_clips(returned)


def test_tokens_need_their_grid():
    grid = Layout(input='clips', several=None, grid=(2, 2, 3))
    places = torch.randn(2, 8, 2, 2, 3)
    tokens = places.flatten(2).transpose(1, 2)
    torch.testing.assert_close(of_clips(tokens, layout=grid).maps[0], places)
    with_class = torch.cat([torch.randn(2, 1, 8), tokens], dim=1)
    torch.testing.assert_close(of_clips(with_class, layout=grid).maps[0], places)
    with pytest.raises(ValueError, match=r'model\.backbone .*\(2, 13, 8\).*13 tokens.*Remedy: .*grid='):
        of_clips(with_class)
    with pytest.raises(ValueError, match=r'grid=\(2, 2, 3\), which has 12 places'):
        of_clips(torch.randn(2, 14, 8), layout=grid)


@pytest.mark.parametrize(
    'returned',
    [
        torch.randn(4, 8, 2, 3, 3),  # twice as many clips
        torch.randn(2, 8, 3, 3),  # of pictures
        (torch.randn(2, 8, 2, 3, 3), torch.randn(2, 8)),
        (torch.randn(2, 8, 2, 3, 3), torch.randn(2, 8, 4, 6, 6)),  # growing, and no pathway
        (torch.randn(2, 8, 2, 3, 3), torch.randn(2, 8, 3, 3, 3)),  # a slow frame and a half
        (torch.randn(2, 8, 2, 3, 3), torch.randn(2, 8, 4, 3, 3), torch.randn(2, 8, 4, 3, 3)),
        dict(feature=torch.randn(2, 8)),
        (),
        (torch.randn(2, 8), torch.randn(2, 5)),  # features and logits
    ],
    ids=['clips', 'pictures', 'mixed', 'growing', 'odd', 'three', 'dict', 'empty', 'vectors'],
)
def test_what_cannot_be_read_is_refused(returned):
    with pytest.raises(ValueError, match=r'model\.backbone \(Net\) returned .*Remedy: '):
        of_clips(returned)


class Pictures(nn.Module):
    """A 2D network: (N, 3, H, W) -> what `give` makes of its pictures."""

    def __init__(self, give=lambda x: x):
        super().__init__()
        self.give = give

    def forward(self, x):
        assert x.ndim == 4
        return self.give(x)


def test_frames_are_folded_into_pictures_and_back():
    clips = torch.randn(2, 3, 4, 5, 6)
    torch.testing.assert_close(extract(Pictures(), clips, FRAMES, 'model.backbone').maps[0], clips)
    vectors = extract(Pictures(lambda x: x.mean((2, 3))), clips, FRAMES, 'model.backbone')
    torch.testing.assert_close(vectors.maps[0][..., 0, 0], clips.mean((3, 4)))
    with pytest.raises(ValueError, match='Remedy: return one vector per clip'):
        extract(Pictures(lambda x: (x, x.mean((2, 3)))), clips, FRAMES, 'model.backbone')
    halved = extract(Pictures(lambda x: x[::2]), clips, FRAMES, 'model.backbone')  # a pooling over time
    torch.testing.assert_close(halved.maps[0], clips[:, :, ::2])
    with pytest.raises(ValueError, match=r"\(8, 3, 4, 5, 6\).*Remedy: .*input='clips'"):
        extract(Pictures(lambda x: x.new_ones(8, 3, 4, 5, 6)), clips, FRAMES, 'model.backbone')
    stated = ContextMotionRecognizer(Pictures(), backbone_layout=dict(input='frames'))
    torch.testing.assert_close(stated.extract_feat(clips), clips.mean((2, 3, 4)))


def test_segments_must_be_the_frames():
    """Else features would be shifted from one video into the next."""
    backbone = dict(type='MobileNetV2TSM', num_segments=8, widen_factor=0.1, pretrained2d=False)
    model = MODELS.build(dict(type='ContextMotionRecognizer', backbone=backbone)).eval()
    assert model.extract_feat(torch.randn(2, 3, 8, 32, 32)).shape == (2, 1280)
    with pytest.raises(ValueError, match=r'model\.backbone .*num_segments=8, but the clips have 4 frames.*Remedy'):
        model.extract_feat(torch.randn(2, 3, 4, 32, 32))


def test_networks_for_other_inputs_are_refused_when_the_model_is_built():
    class Two(nn.Module):
        def forward(self, imgs, heatmaps):
            return imgs, heatmaps

    with pytest.raises(ValueError, match=r'model\.backbone=Two needs heatmaps besides the clips'):
        ContextMotionRecognizer(Two())
    audio = dict(type='ResNetAudio', depth=50, pretrained=None)
    with (
        DefaultScope.overwrite_default_scope('mmaction'),
        pytest.raises(ValueError, match=r'model\.backbone=ResNetAudio takes spectrograms'),
    ):
        MODELS.build(dict(type='ContextMotionRecognizer', backbone=audio))


@pytest.mark.parametrize(
    'wrong',
    [
        dict(input='video'),
        dict(several='both'),
        dict(grid=(7, 7)),
        dict(grid=(0, 7, 7)),
        dict(grid=8),
        dict(grid=(8.0, 7, 7)),
    ],
)
def test_an_unknown_layout_is_refused(wrong):
    with pytest.raises(ValueError, match=rf'model\.backbone_layout: {next(iter(wrong))}='):
        ContextMotionRecognizer(nn.Identity(), backbone_layout=wrong)
    with pytest.raises(TypeError, match='gird'):
        ContextMotionRecognizer(nn.Identity(), backbone_layout=dict(gird=(1, 1, 1)))
