"""DMC-Net's and EMV-CNN's losses against naive formulas, and what each gradient reaches."""

import math

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import CheckpointError
from cmvl_mm.compressed_recognition.dmc import DMCGenerator, blocky, flow_loss
from cmvl_mm.compressed_recognition.dmc_adversarial import FlowDiscriminator, deception_loss, discriminator_loss
from cmvl_mm.compressed_recognition.emv import transfer_loss

PARTS = dict(
    cls_head=dict(type='TSNHead', num_classes=3, in_channels=64, dropout_ratio=0.0, average_clips='score'),
    data_preprocessor=dict(type='ActionDataPreprocessor'),
)


def backbone(in_channels):
    narrow = dict(num_stages=1, strides=(1,), dilations=(1,), out_indices=(0,))
    return dict(type='ResNet', depth=18, in_channels=in_channels, **narrow)


def labelled(*labels):
    return [ActionDataSample().set_gt_label(label) for label in labels]


def test_the_input_norm_takes_scale_and_offset_away_and_a_test_gives_the_mean_feature():
    model = MODELS.build(dict(type='StreamRecognizer', backbone=backbone(3), input_norm=3, **PARTS)).train()
    inputs = torch.randn(2, 4, 3, 32, 32)
    moved = inputs * torch.tensor([9.0, 0.5, 3.0]).view(3, 1, 1) + torch.tensor([5.0, -1.0, 0.0]).view(3, 1, 1)
    plain, shifted = (model.extract_feat(value, stage='head')[0] for value in (inputs, moved))
    torch.testing.assert_close(plain, shifted, rtol=1e-3, atol=1e-4)
    bare = MODELS.build(dict(type='StreamRecognizer', backbone=backbone(3), **PARTS)).eval()
    with torch.no_grad():
        found = bare(inputs, labelled(0, 1), mode='predict')
        maps = bare.backbone(inputs.flatten(0, 1)).view(2, 4, 64, 8, 8)
    for sample, own in zip(found, maps, strict=True):
        torch.testing.assert_close(sample.feature, own.mean((0, 2, 3)))
        torch.testing.assert_close(sample.pred_score, bare.cls_head.fc_cls(own.mean((0, 2, 3))))


def test_the_flow_loss_equals_a_loop_over_cells_and_pixels():
    generated, flow = torch.randn(2, 2, 5, 7), torch.randn(2, 2, 5, 7)
    total = 0.0
    for video, channel, y, x in torch.cartesian_prod(*map(torch.arange, flow.shape)).tolist():
        top, left = y // 4 * 4, x // 4 * 4
        cell = [
            flow[video, channel, row, column].item()
            for row in range(top, min(top + 4, 5))
            for column in range(left, min(left + 4, 7))
        ]
        total += (generated[video, channel, y, x].item() - sum(cell) / len(cell)) ** 2
    assert flow_loss(generated, flow, 4).item() == pytest.approx(total / flow.numel(), rel=1e-5)
    assert torch.equal(blocky(flow, 1), flow)


def test_the_generator_corrects_the_vectors_and_each_layer_sees_all_before_it():
    generator = DMCGenerator(5)
    assert [layer[0].in_channels for layer in generator.layers] == [5, 13, 21, 27, 31]
    assert generator.correction.in_channels == 33
    nn.init.zeros_(generator.correction.weight)
    nn.init.constant_(generator.correction.bias, 0.5)
    known = torch.randn(2, 5, 6, 6)
    torch.testing.assert_close(generator(known), known[:, :2] + 0.5)


def test_the_flow_teaches_the_generator_and_the_labels_the_classifier():
    model = MODELS.build(dict(type='DMCRecognizer', backbone=backbone(2), channels=5, cell=4, **PARTS)).train()
    inputs = torch.randn(2, 2, 7, 32, 32)
    losses = model(inputs, labelled(0, 2), mode='loss')
    expected = flow_loss(model.generate(inputs).flatten(0, 1), inputs[:, :, 5:].flatten(0, 1), 4)
    assert losses['loss_flow'].item() == pytest.approx(10 * expected.item(), rel=1e-5)
    losses['loss_cls'].backward(retain_graph=True)
    assert all(value.grad is None for value in model.generator.parameters())
    losses['loss_flow'].backward()
    assert all(value.grad.abs().sum() > 0 for value in model.generator.correction.parameters())
    model.eval()
    with torch.no_grad():  # a test has no flow
        (found,) = model(inputs[:1, :, :5], labelled(0), mode='predict')
        (same,) = model(inputs[:1], labelled(0), mode='predict')
    assert torch.equal(found.pred_score, same.pred_score)
    assert found.feature.shape == (64,)
    with pytest.raises(ValueError, match='5 channels has no flow'):
        model(inputs[:, :, :5], labelled(0, 2), mode='loss')


def test_the_adversarial_losses_equal_naive_formulas_and_teach_one_side_each():
    discriminator, generated, flow = FlowDiscriminator(20, (4, 8)), torch.randn(3, 2, 20, 20), torch.randn(3, 2, 20, 20)
    assert discriminator(flow).shape == (3, 2)
    layers = [type(layer).__name__ for layer in discriminator.layers]
    assert (layers.count('Conv2d'), layers.count('BatchNorm2d')) == (6, 5)
    discriminator.eval()  # without dropout
    chances = [discriminator(part).softmax(1).tolist() for part in (generated, flow)]
    deceived = -sum(math.log(real) for _, real in chances[0]) / 3
    told = -(sum(math.log(fake) for fake, _ in chances[0]) + sum(math.log(real) for _, real in chances[1])) / 6
    generated.requires_grad_()
    assert discriminator_loss(discriminator, generated, flow).item() == pytest.approx(told, rel=1e-5)
    loss = deception_loss(discriminator, generated)
    assert loss.item() == pytest.approx(deceived, rel=1e-5)
    loss.backward()
    assert generated.grad.abs().sum() > 0
    assert all(value.grad is None for value in discriminator.parameters())
    generated.grad = None
    discriminator_loss(discriminator, generated, flow).backward()
    assert generated.grad is None
    assert all(value.grad is not None for value in discriminator.parameters())


def test_with_an_adversary_the_labels_teach_the_generator_and_the_first_training_is_the_start(tmp_path):
    first = MODELS.build(dict(type='DMCRecognizer', backbone=backbone(2), channels=5, cell=4, **PARTS))
    first.init_weights()
    torch.save(dict(state_dict=first.state_dict()), tmp_path / 'first.pth')
    settings = dict(backbone=backbone(2), channels=5, size=32, deception_weight=3.0, discriminator_weight=0.5)
    model = MODELS.build(
        dict(type='AdversarialDMCRecognizer', pretrained=str(tmp_path / 'first.pth'), **settings, **PARTS)
    )
    model.init_weights()
    state = model.state_dict()
    assert all(torch.equal(state[key], value) for key, value in first.state_dict().items())
    inputs = torch.randn(2, 2, 7, 32, 32)
    model.eval()  # without dropout
    losses = model(inputs, labelled(0, 2), mode='loss')
    assert sorted(losses) == ['loss_cls', 'loss_deception', 'loss_discriminator', 'loss_flow', 'top1_acc', 'top5_acc']
    generated, flow = model.generate(inputs).flatten(0, 1), inputs[:, :, 5:].flatten(0, 1)
    expected = dict(
        loss_flow=10 * nn.functional.mse_loss(generated, flow),  # cell 1
        loss_deception=3 * deception_loss(model.discriminator, generated),
        loss_discriminator=0.5 * discriminator_loss(model.discriminator, generated, flow),
    )
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-5), name
    losses['loss_cls'].backward()
    assert all(value.grad is not None for value in model.generator.parameters())
    assert all(value.grad is None for value in model.discriminator.parameters())


def test_the_transfer_loss_equals_the_naive_formula():
    student, teacher = torch.randn(3, 4), torch.randn(3, 4, requires_grad=True)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        q, p = ([math.exp(value / 2) for value in row] for row in (s, t))
        total -= sum(p[k] / sum(p) * math.log(q[k] / sum(q)) for k in range(4))
    loss = transfer_loss(student.requires_grad_(), teacher, 2.0)
    assert loss.item() == pytest.approx(total / 3, rel=1e-5)
    loss.backward()
    assert teacher.grad is None
    # no teaching is left where the student says what the teacher says
    student = teacher.detach().clone().requires_grad_()
    transfer_loss(student, teacher, 2.0).backward()
    assert student.grad.abs().max() < 1e-6


@pytest.fixture
def taught(tmp_path):
    """`taught(start, …)`: a student of a teacher whose checkpoint is on disk, and that teacher."""
    teacher = MODELS.build(dict(type='StreamRecognizer', backbone=backbone(4), input_norm=4, **PARTS))
    teacher.init_weights()
    nn.init.normal_(teacher.cls_head.fc_cls.weight)  # scores that differ
    for _ in range(2):  # running averages that are not a start's
        teacher.train()(torch.randn(2, 2, 4, 32, 32) + 3, labelled(0, 1), mode='loss')
    torch.save(dict(state_dict=teacher.state_dict()), tmp_path / 'teacher.pth')

    def make(start, classes=3, **more):
        parts = PARTS | dict(cls_head=dict(PARTS['cls_head'], num_classes=classes))
        settings = dict(backbone=backbone(4), input_norm=4, teacher=str(tmp_path / 'teacher.pth'), start=start)
        model = MODELS.build(dict(type='EMVRecognizer', **settings, **more, **parts))
        model.init_weights()
        return model, teacher.eval()

    return make


def test_a_student_starts_as_its_teacher_where_it_is_told_to_and_learns_from_its_scores(taught):
    model, teacher = taught('teacher', temperature=3.0, weight=9.0)
    vectors, flow = torch.randn(2, 2, 4, 32, 32), torch.randn(2, 2, 4, 32, 32)
    own = dict(model.state_dict())
    assert all(torch.equal(own[key], value) for key, value in teacher.state_dict().items())
    assert all(torch.equal(own[f'teacher.{key}'], value) for key, value in teacher.state_dict().items())
    random, _ = taught('random')
    assert not torch.equal(random.backbone.conv1.conv.weight, teacher.backbone.conv1.conv.weight)
    before = {key: value.clone() for key, value in model.teacher.state_dict().items()}
    losses = model.train()(torch.cat((vectors, flow), 2), labelled(0, 2), mode='loss')
    with torch.no_grad():
        told = [sample.pred_score for sample in teacher(flow, labelled(0, 2), mode='predict')]
        scores, _ = model.extract_feat(vectors, stage='head')
    expected = 9 * transfer_loss(scores, torch.stack(told), 3.0)
    assert losses['loss_transfer'].item() == pytest.approx(expected.item(), rel=1e-4)
    assert losses['loss_cls'].item() == pytest.approx(
        nn.functional.cross_entropy(scores, torch.tensor([0, 2])).item(), rel=1e-4
    )
    (losses['loss_cls'] + losses['loss_transfer']).backward()
    assert all(value.grad is None for value in model.teacher.parameters())
    assert all(value.grad is not None for value in model.backbone.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.teacher.state_dict().items())


def test_what_does_not_fit_a_student_is_refused(taught):
    model, _ = taught('random')
    with pytest.raises(ValueError, match=r'4 channels, but student and teacher need 4 each'):
        model(torch.randn(2, 2, 4, 32, 32), labelled(0, 2), mode='loss')
    with pytest.raises(CheckpointError, match=r'cls_head.fc_cls.weight is \(3, 64\), but the model needs \(4, 64\)'):
        taught('teacher', classes=4)
    with pytest.raises(ValueError, match="start='own'"):
        taught('own')
    with pytest.raises(ValueError, match='temperature=0'):
        taught('random', temperature=0)
