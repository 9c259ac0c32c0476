"""The paper's networks by their sizes and shapes, and what their convolutions may look at."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS

import cmvl_mm.compat  # noqa: F401  (the registry imports mmaction.models)
from cmvl_mm.models.resnet import BasicBlock, Bottleneck, FactorizedConv3d, VideoResNet

R3D26 = dict(block='bottleneck', depths=(2, 2, 2, 2), convolution='3d')
R2PLUS1D26 = dict(block='bottleneck', depths=(2, 2, 2, 2), convolution='2plus1d')
M_NETWORK = dict(block='basic', depths=(1, 1, 1, 1), in_channels=2, stem_stride=(1, 1, 1))
R3D10 = dict(block='basic', depths=(1, 1, 1, 1), stem_pool='none', branch_start='full')
R2PLUS1D10 = dict(R3D10, convolution='2plus1d', shortcut='factorised')
I_NETWORK = dict(block='basic', depths=(1, 1, 1, 1), convolution='2d')


def millions(module: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


@pytest.mark.parametrize(
    ('settings', 'size', 'clip', 'third', 'fourth'),
    [
        (R3D26, 26.50, (3, 16, 112, 112), (1024, 4, 7, 7), (2048, 2, 4, 4)),
        (R2PLUS1D26, 26.51, (3, 16, 112, 112), (1024, 4, 7, 7), (2048, 2, 4, 4)),
        (M_NETWORK, 14.35, (2, 8, 112, 112), (256, 2, 14, 14), (512, 1, 7, 7)),
        (I_NETWORK, 4.91, (3, 1, 112, 112), (256, 1, 7, 7), (512, 1, 4, 4)),
    ],
    ids=['R3D-26', 'R(2+1)D-26', 'R3D-10', 'R2D-10'],
)
def test_the_papers_networks_have_their_size_and_maps(settings, size, clip, third, fourth):
    with torch.device('meta'):  # shapes without arithmetic
        network = VideoResNet(**settings, out_indices=(2, 3))
        maps = network(torch.empty(1, *clip))
    assert millions(network) == pytest.approx(size, abs=0.005)
    assert [tuple(m.shape[1:]) for m in maps] == [third, fourth]
    assert network.out_channels == fourth[0]


def test_the_same_class_serves_at_the_demos_size():
    network = VideoResNet(
        block='basic',
        depths=(0, 1, 1, 1),
        width=16,
        stem_kernel=(3, 5, 5),
        stem_pool='none',
        stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 1, 1)),
        out_indices=(2, 3),
    )
    third, fourth = network(torch.randn(1, 3, 16, 48, 48))
    assert third.shape == (1, 64, 4, 6, 6)
    assert fourth.shape == (1, 128, 2, 6, 6)
    assert millions(network) < 0.9


def test_a_factorized_pair_has_as_many_weights_as_what_it_replaces():
    pair = FactorizedConv3d(64, 64, (3, 3, 3), (1, 1, 1))
    assert pair.spatial.weight.shape == (144, 64, 1, 3, 3)
    assert pair.spatial.weight.numel() + pair.temporal.weight.numel() == 27 * 64 * 64
    stem = VideoResNet(convolution='2plus1d', depths=(1, 1, 1, 1)).conv1
    assert stem.spatial.weight.shape == (83, 3, 1, 7, 7)  # as released


def conv_weights(t: int, k: int, inside: int, outside: int) -> int:
    return t * k * k * inside * outside


def factorised_weights(t: int, k: int, inside: int, outside: int) -> int:
    """(1, k, k) to a width that keeps the number of weights, rounded down; its BN; (t, 1, 1)."""
    between = t * k * k * inside * outside // (k * k * inside + t * outside)
    return k * k * inside * between + 2 * between + t * between * outside


@pytest.mark.parametrize(
    ('settings', 'weights', 'total'),
    [(R3D10, conv_weights, 14_361_792), (R2PLUS1D10, factorised_weights, 14_365_303)],
    ids=['R3D', 'R(2+1)D'],
)
def test_the_fields_networks_have_their_size_and_map(settings, weights, total):
    """Stem 3x7x7; per stage two 3x3x3 convolutions and, from stage 2 on, a 1x1x1 shortcut; a BN after each."""
    widths = (64, 64, 128, 256, 512)
    expected = weights(3, 7, 3, 64) + 2 * 64
    for inside, outside in itertools.pairwise(widths):
        expected += weights(3, 3, inside, outside) + weights(3, 3, outside, outside) + 2 * 2 * outside
        if inside != outside:
            expected += weights(1, 1, inside, outside) + 2 * outside
    with torch.device('meta'):
        network = VideoResNet(**settings, out_indices=(2, 3))
        third, fourth = network(torch.empty(1, 3, 16, 112, 112))
    assert sum(parameter.numel() for parameter in network.parameters()) == expected == total
    assert third.shape == (1, 256, 4, 14, 14)
    assert fourth.shape == (1, 512, 2, 7, 7)


def test_a_factorised_shortcut_strides_in_space_first_and_bends_between():
    block = BasicBlock(64, 128, (2, 2, 2), '2plus1d', 'factorised')
    project, norm = block.downsample
    assert project.spatial.weight.shape == (42, 64, 1, 1, 1)  # 64 * 128 // (64 + 128)
    assert project.spatial.stride == (1, 2, 2)
    assert project.temporal.stride == (2, 1, 1)
    block.eval()
    x = torch.randn(2, 64, 4, 6, 6)
    between = F.batch_norm(
        F.conv3d(x[:, :, :, ::2, ::2], project.spatial.weight), torch.zeros(42), torch.ones(42), eps=project.norm.eps
    )
    expected = norm(F.conv3d(between.relu()[:, :, ::2], project.temporal.weight))
    torch.testing.assert_close(block.downsample(x), expected)
    plain = BasicBlock(64, 128, (2, 2, 2), '2plus1d').downsample[0]
    assert isinstance(plain, torch.nn.Conv3d)


def test_only_convolutions_over_both_space_and_time_are_factorized():
    block = Bottleneck(16, 4, (2, 2, 2), '2plus1d')
    kinds = [type(conv).__name__ for conv in (block.conv1, block.conv2, block.conv3, block.downsample[0])]
    assert kinds == ['Conv3d', 'FactorizedConv3d', 'Conv3d', 'Conv3d']
    assert block.conv2.spatial.stride == (1, 2, 2)
    assert block.conv2.temporal.stride == (2, 1, 1)


@pytest.mark.parametrize('convolution', ['3d', '2plus1d', '2d'])
def test_which_frames_a_network_mixes(convolution):
    network = VideoResNet(block='basic', depths=(1, 1, 1, 1), width=4, convolution=convolution).eval()
    for norm in (m for m in network.modules() if isinstance(m, torch.nn.BatchNorm3d)):
        torch.nn.init.ones_(norm.weight)  # else all blocks are shortcuts
    clip = torch.randn(1, 3, 8, 32, 32, requires_grad=True)
    network(clip)[:, :, 0].sum().backward()
    seen = clip.grad.abs().sum((0, 1, 3, 4)) > 0  # per frame
    if convolution == '2d':
        assert seen.tolist() == [True] + [False] * 7
    else:
        assert seen.all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(block='wide'), "block='wide' is unknown"),
        (dict(convolution='4d'), "convolution='4d' is unknown"),
        (dict(branch_start='half'), "branch_start='half' is unknown"),
        (dict(shortcut='none'), "shortcut='none' is unknown"),
        (dict(shortcut='factorised'), "needs convolution='2plus1d'"),
        (dict(stem_pool='mean'), "stem_pool='mean' is unknown"),
        (dict(depths=(1, 1, 1)), 'four stages'),
        (dict(depths=(1, 1, 0, 1)), 'stage 3 has no block for its stride'),
    ],
)
def test_nonsense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        VideoResNet(width=4, **settings)


def test_a_misspelt_config_key_is_a_type_error():
    with pytest.raises(TypeError, match='widht'):
        MODELS.build(dict(type='VideoResNet', widht=4))


@pytest.mark.parametrize('block', ['basic', 'bottleneck'])
def test_branches_start_at_zero_or_in_full(block):
    """At the start a block is its shortcut alone: layer 1 of a basic network passes its input's positive part."""
    last = 'bn2' if block == 'basic' else 'bn3'
    for start, scale in (('zero', 0.0), ('full', 1.0)):
        network = VideoResNet(block=block, depths=(1, 1, 1, 1), width=4, branch_start=start)
        assert (network.layer2[0].get_parameter(f'{last}.weight') == scale).all()
        assert (network.layer2[0].bn1.weight == 1).all()
    if block == 'basic':
        network = VideoResNet(block=block, depths=(1, 1, 1, 1), width=4).eval()
        x = torch.randn(1, 4, 2, 5, 5)
        torch.testing.assert_close(network.layer1(x), x.relu())
