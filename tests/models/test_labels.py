"""Labels that are classes, and those that Mixup and CutMix make of them."""

import pytest
import torch
from joined_batch import V_NETWORK, tiny
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from cmvl_mm.models.classification_head import ClassificationHead
from cmvl_mm.models.labels import labels_of, require_labels


def sample(label):
    return ActionDataSample().set_gt_label(label)


@pytest.mark.parametrize('blending', ['MixupBlending', 'CutmixBlending'])
def test_a_classifier_trains_on_blended_clips(blending):
    torch.manual_seed(1)
    model = MODELS.build(
        dict(
            type='ContextMotionRecognizer',
            backbone=dict(type='VideoResNet', **V_NETWORK),
            cls_head=dict(type='ClassificationHead', num_classes=4, in_channels=32, dropout=0.0),
            data_preprocessor=dict(
                type='ActionDataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3, format_shape='NCTHW',
                blending=dict(type=blending, num_classes=4, alpha=0.8),
            ),
        )
    )  # fmt: skip
    clips = [torch.randint(256, (1, 3, 8, 16, 16), dtype=torch.uint8) for _ in range(3)]
    batch = model.data_preprocessor(dict(inputs=clips, data_samples=[sample(k) for k in range(3)]), True)
    shares = torch.stack([blended.gt_label for blended in batch['data_samples']])
    assert ((shares > 0) & (shares < 1)).any()
    losses = model(**batch, mode='loss')
    scores = model.cls_head(model.backbone(batch['inputs'].squeeze(1)).mean((2, 3, 4)))
    expected = sum(-(share * row.log_softmax(0)).sum() for share, row in zip(shares, scores, strict=True)) / 3
    torch.testing.assert_close(losses['loss_cls'], expected)
    assert losses['acc_cls'] == (scores.argmax(1) == shares.argmax(1)).float().mean()
    losses['loss_cls'].backward()
    assert all(value.grad is not None for value in model.parameters())


def test_certain_shares_are_classes():
    head = ClassificationHead(num_classes=3, in_channels=8, dropout=0.0, loss_weight=0.5)
    features, classes = torch.randn(5, 8), torch.tensor([2, 0, 1, 1, 2])
    hard, soft = head.loss(features, classes), head.loss(features, torch.eye(3)[classes])
    torch.testing.assert_close(soft, hard)
    with torch.autocast('cpu', torch.bfloat16):
        assert head.loss(features, torch.eye(3)[classes])['loss_cls'].dtype == torch.float32


@pytest.mark.parametrize(
    ('labels', 'message'),
    [
        (torch.tensor([[0.5, 0.4, 0.0]] * 2), 'must be 0 or more and add up to 1'),
        (torch.tensor([[1.5, -0.5, 0.0]] * 2), 'must be 0 or more and add up to 1'),
        (torch.tensor([[float('nan')] * 3] * 2), 'must be 0 or more and add up to 1'),
        (torch.ones(2, 4) / 4, r'labels of the shape \(2, 4\) .* num_classes=3.*Remedy'),
        (torch.ones(2), r'labels of the shape \(2,\)'),
        (torch.tensor([0, 1, 2]), r'labels of the shape \(3,\) do not fit 2 videos'),
        (torch.tensor([0, 3]), 'labels 0 to 3'),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        require_labels(labels, 2, 3)


@pytest.mark.parametrize('wrong', [5, torch.tensor([0.5, 0.4, 0.0, 0.0, 0.0])])
def test_labels_are_looked_at_before_they_leave_the_host(wrong):
    """'meta' stands for a GPU: a device whose values nobody may ask for."""
    model = tiny('cls').to('meta')
    imgs = torch.empty(2, 3, 8, 16, 16, device='meta')
    right = 4 if isinstance(wrong, int) else torch.eye(5)[4]
    losses = model(imgs, [sample(right)] * 2, mode='loss')
    assert losses['loss_cls'].device.type == losses['acc_cls'].device.type == 'meta'
    with pytest.raises(ValueError, match=r'num_classes=5 has the classes 0 to 4|add up to 1'):
        model(imgs, [sample(right), sample(wrong)], mode='loss')


def test_a_batch_has_one_kind_of_labels():
    assert labels_of([sample(1), sample(0)]).tolist() == [1, 0]
    with pytest.raises(ValueError, match=r'labels of one batch differ in shape: \[\(1,\), \(3,\)\]'):
        labels_of([sample(1), sample(torch.eye(3)[0])])
