"""The whole model: heads and their gradients, clips, features, and one process against two."""

import logging

import pytest
import torch
import torch.nn.functional as F
from joined_batch import SMALL, V_NETWORK, batch, tiny, total, worst_error
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import DefaultScope
from torch import Tensor

from cmvl_mm.models.c3d import C3DBN
from cmvl_mm.models.heads import ContextMatchingHead, PointwiseInfoNCEHead
from cmvl_mm.models.neck import FusedPretextNeck
from cmvl_mm.models.predictors import TransformerPredictor
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.models.resnet import VideoResNet

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason='bf16 3D convolutions need a GPU')


def test_all_heads_report_their_losses_and_mmengine_adds_them_up():
    model = tiny('context', 'motion', 'cls')
    inputs, samples = batch()
    losses = model(inputs, samples, mode='loss')
    assert losses.keys() == {'loss_context', 'acc_context', 'loss_motion', 'acc_motion', 'loss_cls', 'acc_cls'}
    summed, _ = model.parse_losses(losses)
    torch.testing.assert_close(summed, total(losses))


@pytest.mark.parametrize(
    ('heads', 'learning'),
    [
        (('context',), {'backbone', 'context_head'}),
        (('motion',), {'backbone', 'motion_head'}),
        (('cls',), {'backbone', 'cls_head'}),
    ],
)
def test_gradients_reach_exactly_the_networks_they_should(heads, learning):
    model = tiny('context', 'motion', 'cls')
    inputs, samples = batch()
    model(inputs, samples, mode='loss')[f'loss_{heads[0]}'].backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert {name.split('.')[0] for name in reached} == learning
    parts = {'.'.join(name.split('.')[:2]) for name in reached if 'head' in name}
    expected = dict(
        context={'context_head.i_network', 'context_head.query_projection', 'context_head.key_projection'},
        motion={f'motion_head.{p}' for p in ('m_network', 'predictor', 'query_projection', 'key_projection')},
        cls={'cls_head.fc'},
    )
    assert parts == expected[heads[0]]


def test_a_head_that_is_none_has_no_parameters():
    names = {name for name, _ in tiny().named_parameters()}
    assert names == {f'backbone.{name}' for name, _ in VideoResNet(**V_NETWORK).named_parameters()}
    assert not any('motion' in name for name, _ in tiny('context').named_parameters())


def test_it_overfits_four_clips():
    torch.manual_seed(1)
    model = tiny('context', 'motion')
    inputs, _ = batch()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        losses = model(inputs, mode='loss')
        optimizer.zero_grad()
        total(losses).backward()
        optimizer.step()
    assert losses['acc_context'] == 1
    assert losses['acc_motion'] == 1
    assert losses['loss_context'] + losses['loss_motion'] < 0.3


def test_the_pretext_tasks_see_the_fused_map_and_the_classifier_the_last_stage():
    model = tiny('context', 'motion', 'cls').eval()
    inputs, samples = batch()
    third, fourth = model.backbone(inputs['imgs'])
    fused = FusedPretextNeck()((third, fourth))
    losses = model(inputs, samples, mode='loss')
    expected = (
        model.context_head.loss(fused, inputs['iframe'])
        | model.motion_head.loss(fused, inputs['motion'])
        | model.cls_head.loss(fourth.mean((2, 3, 4)), torch.arange(4))
    )
    torch.testing.assert_close(losses, expected)
    model.neck = None
    model.context_head, model.motion_head = None, None
    assert model(inputs, samples, mode='loss')['loss_cls'] == expected['loss_cls']


def test_embeddings_are_what_the_losses_compare():
    model = tiny('context', 'motion').eval()
    inputs, _ = batch()
    embeddings = model.embed(inputs['imgs'], inputs['motion'], inputs['iframe'])
    assert [tuple(x.shape) for x in embeddings] == [(4, 4, 8), (4, 4, 4, 8), (4, 8), (4, 8)]
    for x in embeddings:
        torch.testing.assert_close(x.norm(dim=-1), torch.ones(x.shape[:-1]))
    logits = embeddings.context_query @ embeddings.context_key.T / 0.1
    expected = 0.5 * F.cross_entropy(logits, torch.arange(4))
    torch.testing.assert_close(model(inputs, mode='loss')['loss_context'], expected)
    alone = tiny('context').eval().embed(inputs['imgs'], None, inputs['iframe'])
    assert alone.motion_query is None
    assert alone.context_query is not None


def test_features_average_the_last_stage_over_space_time_and_clips():
    model = tiny().eval()
    clips = torch.randn(2, 3, 3, 8, 16, 16)  # (B, clips, 3, T, H, W)
    features = model.extract_feat(clips)
    expected = torch.stack([model.backbone(video)[-1].flatten(2).mean(2).mean(0) for video in clips])
    torch.testing.assert_close(features, expected)
    torch.testing.assert_close(model.extract_feat(clips[:, 0]), model.extract_feat(clips[:, :1]))
    torch.testing.assert_close(model(clips), features)  # mode='tensor', a bare tensor


def test_retrieval_puts_the_feature_on_every_sample():
    model = tiny().eval()
    clips, samples = torch.randn(2, 3, 3, 8, 16, 16), [ActionDataSample(), ActionDataSample()]
    predicted = model(dict(imgs=clips), samples, mode='predict')
    assert predicted[1] is samples[1]
    torch.testing.assert_close(torch.stack([s.to_dict()['feature'] for s in predicted]), model.extract_feat(clips))
    assert 'pred_score' not in predicted[0]


def test_max_pooled_features_keep_time_and_half_the_points():
    model, clips = tiny(test_cfg=dict(pool='max_2x2')).eval(), torch.randn(2, 3, 3, 8, 16, 32)
    predicted = torch.stack([sample.to_dict()['feature'] for sample in model.predict(dict(imgs=clips))])
    for video, feature in zip(clips, predicted, strict=True):
        last = model.backbone(video)[-1]  # (3 clips, 32, 2, 2, 4)
        corners = [last[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]
        expected = torch.stack(corners).amax(0).flatten(1).mean(0)  # maximum of each clip first, then the mean
        torch.testing.assert_close(feature, expected)
    assert predicted.shape == (2, 32 * 2 * 1 * 2)
    with pytest.raises(ValueError, match="pool='max'"):
        tiny(test_cfg=dict(pool='max'))
    with pytest.raises(ValueError, match='cls_head classifies the average'):
        tiny('cls', test_cfg=dict(pool='max_2x2'))


def test_classification_feeds_mmaction2s_accuracy():
    from mmaction.evaluation import AccMetric

    model = tiny('cls').eval()
    torch.nn.init.normal_(model.cls_head.fc.weight)
    clips = torch.randn(6, 3, 3, 8, 16, 16)
    scores = torch.stack([sample.pred_score for sample in model.predict(dict(imgs=clips))])
    torch.testing.assert_close(scores.sum(1), torch.ones(6))
    samples = [ActionDataSample().set_gt_label(int(score.argmax())) for score in scores]
    samples[0].set_gt_label(int(scores[0].argmin()))
    predicted = model(dict(imgs=clips), samples, mode='predict')
    assert [int(s.pred_label) for s in predicted] == scores.argmax(1).tolist()
    metric = AccMetric()
    metric.process(None, [sample.to_dict() for sample in predicted])
    assert metric.compute_metrics(metric.results)['top1'] == pytest.approx(5 / 6)


def test_clips_per_forward_bounds_the_batch_and_changes_nothing():
    model, clips = tiny().eval(), torch.randn(2, 3, 3, 8, 16, 16)
    expected = model.extract_feat(clips)
    sizes: list[int] = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    model.clips_per_forward = tiny(test_cfg=dict(clips_per_forward=4)).clips_per_forward
    torch.testing.assert_close(model.extract_feat(clips), expected)
    assert sizes == [4, 2]
    with pytest.raises(TypeError, match='clips_per_foward'):
        tiny(test_cfg=dict(clips_per_foward=4))
    with pytest.raises(ValueError, match='at least 1'):
        tiny(test_cfg=dict(clips_per_forward=0))


def test_stock_mmaction2_batches_train_a_classifier():
    model = tiny('cls')
    _, samples = batch()
    imgs = torch.randn(4, 1, 3, 8, 16, 16)
    model(imgs, samples, mode='loss')['loss_cls'].backward()
    with pytest.raises(ValueError, match='one clip per video, got 2'):
        model(imgs.expand(-1, 2, -1, -1, -1, -1), samples, mode='loss')


def test_a_backbone_that_returns_one_map_serves():
    model = ContextMotionRecognizer(VideoResNet(**V_NETWORK), cls_head=tiny('cls').cls_head)
    inputs, samples = batch()
    assert model(inputs, samples, mode='loss')['loss_cls'].isfinite()
    assert model.extract_feat(inputs['imgs']).shape == (4, 32)


def test_what_is_missing_is_named():
    inputs, samples = batch()
    with pytest.raises(ValueError, match=r"motion_head needs inputs\['motion'\], but the batch has only \['imgs'\]"):
        tiny('motion')(inputs['imgs'], mode='loss')
    with pytest.raises(ValueError, match='needs a label for every video'):
        tiny('cls')(inputs, [ActionDataSample()] * 4, mode='loss')
    with pytest.raises(ValueError, match='nothing to train'):
        tiny()(inputs, samples, mode='loss')
    with pytest.raises(ValueError, match="mode='train' is unknown"):
        tiny()(inputs, mode='train')
    with pytest.raises(ValueError, match='imgs must be'):
        tiny().extract_feat(inputs['iframe'])


@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=needs_gpu)])
def test_losses_stay_in_fp32_under_bf16_autocast(device):
    model = tiny('context', 'motion', 'cls').to(device)
    inputs, samples = batch()
    inputs = {name: value.to(device) for name, value in inputs.items()}
    with torch.autocast(device, torch.bfloat16):
        losses = model(inputs, samples, mode='loss')
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in losses.values())
    total(losses).backward()
    # on a CPU oneDNN's gradients are right by way of engine/cpu_bf16.py alone, which has its own tests
    if device == 'cuda':
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_it_builds_from_a_config_under_mmaction2s_scope():
    config = dict(
        type='ContextMotionRecognizer',
        backbone=dict(type='VideoResNet', **V_NETWORK),
        neck=dict(type='FusedPretextNeck'),
        context_head=dict(
            type='ContextMatchingHead',
            in_channels=32,
            i_network=dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1), width=4, convolution='2d'),
        ),
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(config)
        assert model(batch()[0], mode='loss')['loss_context'].isfinite()
        with pytest.raises(TypeError, match='losses_weight'):
            MODELS.build(config | dict(context_head=config['context_head'] | dict(losses_weight=1)))


@pytest.mark.slow
def test_two_processes_equal_one_in_every_gradient_and_statistic():
    """The number of ranks must not matter: queries, keys and batch-norms are those of the joined batch."""
    assert worst_error(ranks=2) < 1e-12


def test_memory_format_changes_the_layout_and_not_the_numbers():
    plain = ContextMotionRecognizer(C3DBN(width=4)).eval()
    last = ContextMotionRecognizer(C3DBN(width=4), memory_format='channels_last').eval()
    last.load_state_dict(plain.state_dict())
    assert last.backbone.conv2.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert not last.backbone.conv2.weight.is_contiguous()
    clip = torch.randn(1, 3, 16, 48, 48)
    torch.testing.assert_close(last.extract_feat(clip), plain.extract_feat(clip), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="memory_format='nhwc'"):
        ContextMotionRecognizer(C3DBN(width=4), memory_format='nhwc')


@pytest.mark.parametrize(('network', 'head'), [('i_network', 'context_head'), ('m_network', 'motion_head')])
def test_a_test_may_take_a_target_networks_features(network, head):
    model = tiny('context', 'motion', test_cfg=dict(network=network, clips_per_forward=2)).eval()
    clips = torch.randn(3, 5, 3, 1, 32, 32) if network == 'i_network' else torch.randn(3, 5, 2, 8, 16, 16)
    samples = model({'imgs' if network == 'i_network' else 'motion': clips}, mode='predict')
    with torch.no_grad():
        target = getattr(getattr(model, head), network)
        expected = torch.stack([target(clip[None]).mean((0, 2, 3, 4)) for clip in clips[1]]).mean(0)
    torch.testing.assert_close(samples[1].feature, expected)


def test_a_test_network_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="network='x_network'"):
        tiny(test_cfg=dict(network='x_network'))
    with pytest.raises(ValueError, match='needs a head that this model lacks'):
        tiny(test_cfg=dict(network='m_network'))(dict(motion=torch.randn(1, 2, 2, 8, 16, 16)), mode='predict')


@pytest.mark.parametrize(
    ('settings', 'neck', 'fused'),
    [
        (dict(out_indices=(3,)), None, (4, 1, 1)),  # a lone last map comes back bare
        (dict(out_indices=(2, 3)), None, (4, 1, 1)),
        (dict(out_indices=(2, 3), temporal_strides=(1, 1, 1, 2)), FusedPretextNeck, (2, 2, 2)),
    ],
    ids=['last map', 'last two maps', 'fused'],
)
def test_a_stock_backbone_of_mmaction_takes_a_training_step(settings, neck, fused):
    backbone = MODELS.build(dict(type='ResNet3dSlowOnly', depth=18, pretrained=None, base_channels=4, **settings))
    i_network = VideoResNet(block='basic', depths=(1, 1, 1, 1), width=4, convolution='2d')
    m_network = VideoResNet(
        block='basic', depths=(1, 1, 1, 1), width=4, in_channels=2, stem_stride=(1, 1, 1), stem_pool='none'
    )
    predictor = TransformerPredictor(
        in_channels=32, memory_size=fused, query_size=(1, 2, 2), width=16, ffn_width=16, num_heads=2, dropout=0
    )
    model = ContextMotionRecognizer(
        backbone,
        context_head=ContextMatchingHead(in_channels=32, i_network=i_network, **SMALL),
        motion_head=PointwiseInfoNCEHead(predictor=predictor, m_network=m_network, **SMALL),
        neck=neck and neck(),
    )
    model.init_weights()
    inputs, _ = batch(2)
    inputs['imgs'] = torch.randn(2, 3, 4, 32, 32)  # -> 16x4x2x2, 32x4x1x1
    stem = model.backbone.conv1.conv.weight
    before = stem.detach().clone()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = model.train()(inputs, mode='loss')
    total(losses).backward()
    optimiser.step()
    assert not torch.equal(stem, before)
    assert all(value.grad is not None for value in model.backbone.parameters())
    features = model.eval().extract_feat(inputs['imgs'])
    maps = model.backbone(inputs['imgs'])
    last = maps if isinstance(maps, Tensor) else maps[-1]
    torch.testing.assert_close(features, last.mean((2, 3, 4)))


def test_the_initialisation_is_one_line_of_the_log(monkeypatch):
    """MMEngine's own report has four lines for each parameter."""
    model = MODELS.build(dict(type='ContextMotionRecognizer', backbone=dict(type='C3DBN', width=2)))
    records = []
    monkeypatch.setattr('mmengine.logging.MMLogger.callHandlers', lambda _, record: records.append(record))
    model.init_weights()
    lines = [record.msg for record in records if record.levelno >= logging.INFO]
    assert lines == [f'ContextMotionRecognizer: {len(list(model.parameters()))} parameters initialised']
