"""MMAction2's heads on our recognizer, and our backbones in MMAction2's recognizer."""

import pytest
import torch
from backbone_sweep import BACKBONES, build
from joined_batch import V_NETWORK, tiny, total
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import DefaultScope
from torch import nn

OURS = {
    'C3DBN': (dict(type='C3DBN', width=2), 16),
    'VideoResNet': (dict(type='VideoResNet', **V_NETWORK), 32),
}
CLASSES = 6


def samples(videos=3):
    return [ActionDataSample().set_gt_label(video) for video in range(videos)]


def head(kind, channels, **settings):
    return dict(type=kind, num_classes=CLASSES, in_channels=channels, **dict(dropout_ratio=0) | settings)


@pytest.mark.parametrize('name', OURS)
@pytest.mark.parametrize('kind', ['I3DHead', 'X3DHead'])
def test_our_backbones_train_in_mmaction2s_recognizer(name, kind):
    backbone, channels = OURS[name]
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(
            dict(type='Recognizer3D', backbone=backbone, cls_head=head(kind, channels, average_clips='prob'))
        )
    model.init_weights()
    imgs = torch.randn(3, 2, 3, 16, 32, 32)
    total(model(imgs[:, :1], samples(), mode='loss')).backward()
    assert [key for key, value in model.named_parameters() if value.grad is None] == []
    predicted = model.eval()(imgs, samples(), mode='predict')
    assert predicted[0].pred_score.shape == (CLASSES,)


def frame_scores(classifier, video_map):
    """TSN's: the average picture of every frame, then over the frames."""
    return classifier.fc_cls(video_map.mean((3, 4)).mean(2))


def map_scores(classifier, video_map):
    return classifier.fc_cls(video_map.mean((2, 3, 4)))


@pytest.mark.parametrize(
    ('kind', 'settings', 'naive'),
    [
        ('I3DHead', {}, map_scores),
        ('TSNHead', {}, frame_scores),
        ('TSMHead', dict(num_segments=4), frame_scores),
        ('TimeSformerHead', {}, map_scores),
        ('UniFormerHead', {}, map_scores),
        ('MViTHead', dict(with_cls_token=False), map_scores),
    ],
)
def test_a_stock_head_gives_loss_scores_and_labels_as_ours_does(kind, settings, naive):
    torch.manual_seed(0)
    backbone = dict(type='VideoResNet', out_indices=(2, 3), **V_NETWORK | dict(stage_strides=((1, 2, 2),) * 4))
    model = build(backbone, cls_head=head(kind, 32, **settings))
    clips = torch.randn(3, 2, 3, 4, 32, 32)
    losses = model(clips[:, 0], samples(), mode='loss')
    total(losses).backward()
    assert {'loss_cls', 'top1_acc', 'top5_acc'} <= losses.keys()
    assert [key for key, value in model.named_parameters() if value.grad is None] == []

    model.eval()
    nn.init.normal_(model.cls_head.fc_cls.weight)
    scores = torch.stack([naive(model.cls_head, model.backbone(video)[-1]) for video in clips])  # (3, 2, classes)
    for average, expected in ((None, scores.softmax(2).mean(1)), ('score', scores.mean(1))):
        model.cls_head.average_clips = average
        for model.clips_per_forward in (None, 1):
            found = model(clips, samples(), mode='predict')
            torch.testing.assert_close(torch.stack([sample.pred_score for sample in found]), expected)
            assert [int(sample.pred_label) for sample in found] == expected.argmax(1).tolist()
            assert found[0].feature.shape == (32,)
            assert found[2].gt_label == 2


@pytest.mark.parametrize(
    ('name', 'kind', 'channels'),
    [
        ('ResNet3dSlowFast', 'SlowFastHead', 80),
        ('ResNet3dSlowFast', 'I3DHead', 80),
        ('MViT', 'MViTHead', 48),
        ('MViT', 'I3DHead', 48),
        ('MobileNetV2TSM', 'TSMHead', 1280),
        ('MobileNetV2', 'TSNHead', 1280),
        ('TimeSformer', 'TimeSformerHead', 24),
        ('TimeSformer', 'I3DHead', 24),
        ('X3D', 'X3DHead', 64),
    ],
)
def test_stock_heads_get_what_stock_backbones_give_them(name, kind, channels):
    model = build(BACKBONES[name], cls_head=head(kind, channels))
    total(model(torch.randn(2, 3, 8, 32, 32), samples(2), mode='loss')).backward()
    assert [key for key, value in model.named_parameters() if value.grad is None] == []
    model.eval()(torch.randn(2, 1, 3, 8, 32, 32), samples(2), mode='predict')


def test_a_stock_head_trains_under_bf16_and_on_shares_of_the_classes():
    model = build(OURS['C3DBN'][0], cls_head=head('I3DHead', 16))
    shares = torch.tensor([[0.25, 0.75, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]])
    blended = [ActionDataSample().set_gt_label(share) for share in shares]
    imgs = torch.randn(2, 3, 16, 32, 32)
    loss = model(imgs, blended, mode='loss')['loss_cls']
    scores = model.cls_head.fc_cls(model.backbone(imgs).mean((2, 3, 4)))
    torch.testing.assert_close(loss, -(shares * scores.log_softmax(1)).sum(1).mean())
    with torch.autocast('cpu', torch.bfloat16):
        assert model(imgs, samples(2), mode='loss')['loss_cls'].dtype == torch.float32


def test_heads_that_cannot_serve_are_refused():
    v_network = OURS['VideoResNet'][0]
    clips = torch.randn(2, 3, 8, 16, 16)
    with pytest.raises(ValueError, match=r'SlowFastHead reads the maps of two pathways, but model\.backbone'):
        build(v_network, cls_head=head('SlowFastHead', 32))(clips, samples(2), mode='loss')
    with pytest.raises(ValueError, match='MViTHead reads a map with its class token'):
        build(v_network, cls_head=head('MViTHead', 32))(clips, samples(2), mode='loss')
    with pytest.raises(ValueError, match=r'TSMHead was built for maps of 8 frames, .* returns 2.*num_segments=2'):
        build(v_network, cls_head=head('TSMHead', 32))(clips, samples(2), mode='loss')
    halved = dict(num_segments=8, temporal_pool=True)
    with pytest.raises(ValueError, match=r'TSMHead was built for maps of 4 frames, .* returns 2.*num_segments=4'):
        build(v_network, cls_head=head('TSMHead', 32, **halved))(clips, samples(2), mode='loss')
    build(v_network, cls_head=head('TSMHead', 32, **halved | dict(num_segments=4)))(clips, samples(2), mode='loss')
    with pytest.raises(ValueError, match=r'FeatureHead returns features, .*Remedy'):
        build(v_network, cls_head=dict(type='FeatureHead'))
    with pytest.raises(ValueError, match='a batch has labels 0 to 7, but num_classes=6'):
        build(v_network, cls_head=head('I3DHead', 32))(
            clips, [*samples(1), ActionDataSample().set_gt_label(7)], mode='loss'
        )


@pytest.mark.parametrize(
    ('name', 'kind', 'channels'),
    [
        ('MobileNetV2', 'TSNHead', 1280),
        ('ResNet3dSlowFast', 'SlowFastHead', 80),
        ('MViT', 'MViTHead', 48),
        ('TimeSformer', 'TimeSformerHead', 24),
        ('X3D', 'X3DHead', 64),
    ],
)
def test_a_stock_head_of_another_width_is_refused(name, kind, channels):
    model = build(BACKBONES[name], cls_head=head(kind, 17))
    with pytest.raises(
        ValueError, match=rf'cls_head\.in_channels=17, .*Remedy: set model\.cls_head\.in_channels={channels}'
    ):
        model(torch.randn(2, 3, 8, 32, 32), samples(2), mode='loss')


@pytest.mark.parametrize(
    ('shares', 'message'),
    [
        (torch.full((CLASSES + 1,), 1 / (CLASSES + 1)), r'labels of the shape \(2, 7\) .* num_classes=6.*Remedy'),
        (torch.full((CLASSES,), 0.5), 'add up to 1'),
    ],
)
def test_shares_that_do_not_fit_a_stock_head_are_refused(shares, message):
    blended = [ActionDataSample().set_gt_label(shares) for _ in range(2)]
    model = build(OURS['C3DBN'][0], cls_head=head('I3DHead', 16))
    with pytest.raises(ValueError, match=message):
        model(torch.randn(2, 3, 16, 32, 32), blended, mode='loss')
    several = dict(multi_class=True, loss_cls=dict(type='BCELossWithLogits'))
    if len(shares) == CLASSES:
        build(OURS['C3DBN'][0], cls_head=head('I3DHead', 16, **several))(
            torch.randn(2, 3, 16, 32, 32), blended, mode='loss'
        )


def test_a_neck_says_what_it_misses():
    stock = BACKBONES['ResNet3d (I3D, R3D)']
    model = build(stock, neck=dict(type='FusedPretextNeck'), context_head=tiny('context').context_head)
    with pytest.raises(
        ValueError, match=r'FusedPretextNeck\) reads the maps of 2 stages, but model\.backbone .* returned 1'
    ):
        model(dict(imgs=torch.randn(2, 3, 8, 32, 32), iframe=torch.randn(2, 3, 32, 32)), mode='loss')


def test_a_backbone_gives_the_stages_that_are_asked_for():
    clip, settings = torch.randn(1, 3, 16, 32, 32), dict(type='C3DBN', width=2)
    whole = MODELS.build(settings).eval()
    early = MODELS.build(settings | dict(out_indices=(1, 3))).eval()
    early.load_state_dict({key: whole.state_dict()[key] for key in early.state_dict()})  # stage 4 is not built
    whole.give_stages(4)
    for found, expected in zip(early(clip), whole(clip)[::2], strict=False):
        torch.testing.assert_close(found, expected)
    assert early.out_channels == 16
    assert not hasattr(early, 'conv5a')
    early.give_stages(2)  # the config has said which
    assert early.out_indices == (1, 3)
    with pytest.raises(ValueError, match=r'reads the maps of 6 stages, but C3DBN has 5\. Remedy'):
        whole.give_stages(6)
    for wrong in ((), (5,), (3, 1), (-1,)):
        with pytest.raises(ValueError, match='its stages are 0 to 4'):
            MODELS.build(settings | dict(out_indices=wrong))
