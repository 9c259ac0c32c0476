"""The heads: what they compare, how they weigh it, and which windows belong to whom."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.classification_head import ClassificationHead
from cmvl_mm.models.heads import ContextMatchingHead, PointwiseInfoNCEHead
from cmvl_mm.models.losses import InfoNCELoss, PointwiseInfoNCELoss
from cmvl_mm.models.predictors import TransformerPredictor
from cmvl_mm.models.resnet import VideoResNet

SMALL = dict(hidden_channels=16, embed_channels=8)


def context_head(**changes) -> ContextMatchingHead:
    i_network = VideoResNet(block='basic', depths=(1, 1, 1, 1), width=4, convolution='2d')
    return ContextMatchingHead(in_channels=32, i_network=i_network, **SMALL | changes)


def motion_head(**changes) -> PointwiseInfoNCEHead:
    predictor = TransformerPredictor(
        in_channels=32, memory_size=(2, 4, 4), query_size=(1, 2, 2), width=16, ffn_width=16, num_heads=2, dropout=0.0
    )
    m_network = VideoResNet(
        block='basic', depths=(1, 1, 1, 1), width=4, in_channels=2, stem_stride=(1, 1, 1), stem_pool='none'
    )
    return PointwiseInfoNCEHead(predictor=predictor, m_network=m_network, **SMALL | changes)


def test_context_compares_clip_and_iframe_averages():
    head = context_head(loss_weight=0.25).eval()
    video_map, iframe = torch.randn(3, 32, 2, 4, 4), torch.randn(3, 3, 32, 32)
    query, key = head.embed(video_map, iframe)
    torch.testing.assert_close(query, head.query_projection(video_map.flatten(2).mean(2)))
    torch.testing.assert_close(key, head.key_projection(head.i_network(iframe[:, :, None]).flatten(2).mean(2)))
    losses = head.loss(video_map, iframe)
    assert losses.keys() == {'loss_context', 'acc_context'}
    torch.testing.assert_close(losses['loss_context'], 0.25 * InfoNCELoss(temperature=0.1)(query, key))


def test_motion_windows_stay_with_their_video_and_points_with_their_place():
    head = motion_head(loss_weight=0.25).eval()
    video_map, motion = torch.randn(3, 32, 2, 4, 4), torch.randn(3, 4, 2, 8, 16, 16)
    query, key = head.embed(video_map, motion)
    assert query.shape == (3, 4, 8)
    assert key.shape == (3, 4, 4, 8)
    one = head.m_network(motion[1:2, 2])  # (1, C, 1, 2, 2)
    torch.testing.assert_close(key[1, 2, 3], head.key_projection(one[:, :, 0, 1, 1])[0])
    torch.testing.assert_close(query[1, 3], head.query_projection(head.predictor(video_map)[1:2, :, 0, 1, 1])[0])
    losses = head.loss(video_map, motion)
    assert losses.keys() == {'loss_motion', 'acc_motion'}
    torch.testing.assert_close(losses['loss_motion'], 0.25 * PointwiseInfoNCELoss(temperature=0.1)(query, key))


def test_a_task_trains_its_own_channels_and_sees_no_other():
    video_map = torch.randn(3, 64, 2, 4, 4, requires_grad=True)
    iframe, motion = torch.randn(3, 3, 32, 32), torch.randn(3, 4, 2, 8, 16, 16)
    context, motions = context_head(channels=(0, 32)).eval(), motion_head(channels=(32, 64)).eval()
    for head, target, first in ((context, iframe, 0), (motions, motion, 32)):
        loss = sum(value for key, value in head.loss(video_map, target).items() if 'loss' in key)
        (gradient,) = torch.autograd.grad(loss, video_map)
        touched = gradient.abs().sum((0, 2, 3, 4)) > 0
        assert touched.tolist() == [first <= channel < first + 32 for channel in range(64)]
        whole = type(head).embed(head, video_map, target)[0]
        head.channels = None
        torch.testing.assert_close(head.embed(video_map[:, first : first + 32], target)[0], whole)


@pytest.mark.parametrize('channels', [(0, 33), (-8, 8), (8, 8), (9, 8)])
def test_channels_that_the_map_has_not_are_refused(channels):
    with pytest.raises(ValueError, match='do not fit a video map with 32 channels'):
        context_head(channels=channels).embed(torch.randn(3, 32, 2, 4, 4), torch.randn(3, 3, 32, 32))


def test_one_forward_normalizes_positives_and_negatives_together():
    head = motion_head()
    calls = []
    head.m_network.register_forward_hook(lambda _, inputs, __: calls.append(tuple(inputs[0].shape)))
    head.loss(torch.randn(3, 32, 2, 4, 4), torch.randn(3, 4, 2, 8, 16, 16))
    assert calls == [(12, 2, 8, 16, 16)]


def test_the_temperature_reaches_the_loss():
    video_map, iframe = torch.randn(3, 32, 2, 4, 4), torch.randn(3, 3, 32, 32)
    head = context_head(temperature=2.0, loss_weight=1.0).eval()
    expected = InfoNCELoss(temperature=2.0)(*head.embed(video_map, iframe))
    torch.testing.assert_close(head.loss(video_map, iframe)['loss_context'], expected)


def test_the_key_gradient_reaches_the_losses(monkeypatch):
    asked = []
    monkeypatch.setattr('cmvl_mm.models.losses.gather_rows', lambda x, gradient: asked.append(gradient) or x)
    video_map, iframe, motion = torch.randn(3, 32, 2, 4, 4), torch.randn(3, 3, 32, 32), torch.randn(3, 4, 2, 8, 16, 16)
    for how in ('exact', 'per_rank'):
        context_head(key_gradient=how).loss(video_map, iframe)
        motion_head(key_gradient=how).loss(video_map, motion)
    context_head().loss(video_map, iframe)
    assert asked == ['exact', 'exact', 'per_rank', 'per_rank', 'exact']


@MODELS.register_module()
class HalfCosineDistance(torch.nn.Module):
    """A loss of somebody else's: no negatives; everything nearer than a right angle is a hit."""

    def with_hits(self, query, key, valid=None):
        own = key if key.ndim == query.ndim else key[:, 0]
        cosine = F.cosine_similarity(query, own, dim=-1)
        return (1 - cosine).mean() / 2, cosine > 0


def chosen(head, **settings) -> torch.nn.Module:
    """A head of pretrain_c3d_ucf.py, narrower, after `settings` were merged into the config as --cfg-options are."""
    config = Config(dict(head=PRETRAINING.model[head].to_dict()))
    config.merge_from_dict({f'head.{key}': value for key, value in settings.items()})
    config.head.update(SMALL)
    return MODELS.build(config.head)


PRETRAINING = Config.fromfile(Path(__file__).resolve().parents[2] / 'configs/pretrain_c3d_ucf.py')
PAPERS = {'context_head': InfoNCELoss, 'motion_head': PointwiseInfoNCELoss}


@pytest.mark.parametrize('head', PAPERS)
def test_a_config_chooses_the_loss(head):
    with torch.device('meta'):
        papers = chosen(head).criterion
        other = chosen(
            head, temperature=None, **{'loss.type': PAPERS[head].__name__, 'loss.temperature': 0.07}
        ).criterion
        foreign = chosen(head, temperature=None, **{'loss.type': 'HalfCosineDistance'}).criterion
    assert type(papers) is type(other) is PAPERS[head]
    assert (papers.temperature, papers.key_gradient, other.temperature) == (0.1, 'exact', 0.07)
    assert isinstance(foreign, HalfCosineDistance)


def test_the_chosen_loss_is_the_one_that_counts():
    video_map, iframe, motion = torch.randn(3, 32, 2, 4, 4), torch.randn(3, 3, 32, 32), torch.randn(3, 4, 2, 8, 16, 16)
    for make, target, name in ((context_head, iframe, 'context'), (motion_head, motion, 'motion')):
        head = make(loss=dict(type='HalfCosineDistance'), loss_weight=0.25).eval()
        query, key = head.embed(video_map, target)
        cosine = F.cosine_similarity(query, key if name == 'context' else key[:, 0], dim=-1)
        losses = head.loss(video_map, target)
        torch.testing.assert_close(losses[f'loss_{name}'], 0.25 * (1 - cosine.mean()) / 2)
        torch.testing.assert_close(losses[f'acc_{name}'], (cosine > 0).float().mean())


def test_settings_of_two_losses_and_losses_without_hits_are_refused():
    loss = dict(type='InfoNCELoss')
    for clash in (dict(temperature=0.1), dict(key_gradient='exact')):
        with pytest.raises(ValueError, match=r"'InfoNCELoss'.* is set\. Remedy: set both to None"):
            context_head(loss=loss, **clash)
    with pytest.raises(TypeError, match=r'MSELoss must have with_hits\(query, key\)'):
        motion_head(loss=torch.nn.MSELoss())


def test_points_that_do_not_meet_are_refused():
    with pytest.raises(ValueError, match=r'motion_head: .*\(1, 2, 2\).*m_network gives \(1, 3, 3\)'):
        motion_head().embed(torch.randn(1, 32, 2, 4, 4), torch.randn(1, 4, 2, 8, 24, 24))


def test_classification_averages_probabilities_over_clips():
    head = ClassificationHead(num_classes=3, in_channels=4, dropout=0.9).eval()
    with torch.no_grad():
        head.fc.weight.copy_(torch.randn(3, 4))
    features = torch.randn(2 * 5, 4)
    scores = head.predict(features, 5)
    expected = torch.stack([F.softmax(head.fc(features[v * 5 : v * 5 + 5]), 1).mean(0) for v in range(2)])
    torch.testing.assert_close(scores, expected)
    torch.testing.assert_close(scores.sum(1), torch.ones(2))


def test_classification_loss_and_accuracy():
    head = ClassificationHead(num_classes=2, in_channels=2, dropout=0.0, loss_weight=0.5)
    with torch.no_grad():
        head.fc.weight.copy_(torch.eye(2))
    features = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 0.0]])
    losses = head.loss(features, torch.tensor([0, 1, 1, 0]))
    assert losses['acc_cls'] == 0.75
    expected = 0.5 * F.cross_entropy(features, torch.tensor([0, 1, 1, 0]))
    torch.testing.assert_close(losses['loss_cls'], expected)


def test_dropout_acts_in_training_only():
    head, features = ClassificationHead(num_classes=3, in_channels=64, dropout=0.5), torch.ones(1, 64)
    assert not torch.equal(head(features), head(features))
    assert torch.equal(head.eval()(features), head(features))
