"""bf16 on CPUs: equal convolutions where oneDNN is wrong, gradients near fp32's, precisions that may be mixed."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

from cmvl_mm.engine import cpu_bf16
from cmvl_mm.engine.bf16_layers import Bf16Layers, sound_geometry
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.fast_step import spell_out

has_bf16 = pytest.mark.skipif(not torch.cpu._is_avx512_bf16_supported(), reason='this CPU has no AVX512-BF16')


@pytest.mark.parametrize(
    ('kernel', 'stride', 'padding', 'size', 'expected'),
    [
        ((3, 3, 3), (1, 1, 1), (1, 1, 1), (2, 7, 7), ([(1, 1), (0, 0), (0, 0)], [0, 1, 1], [1, 1, 1])),
        ((3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 7, 7), ([(0, 0)] * 3, [1, 1, 1], [1, 1, 1])),  # is computed rightly
        ((3, 3, 3), (2, 2, 2), (1, 1, 1), (4, 6, 2), ([(0, 0), (0, 0), (1, 0)], [1, 1, 0], [2, 2, 1])),
        ((5, 3, 3), (1, 1, 1), (2, 1, 1), (1, 4, 4), ([(2, 2), (0, 0), (0, 0)], [0, 1, 1], [1, 1, 1])),
        ((1, 1, 1), (2, 2, 2), (0, 0, 0), (2, 2, 5), ([(0, -1), (0, -1), (0, 0)], [0, 0, 0], [1, 1, 2])),
        ((7, 7), (2, 2), (3, 3), (9, 1), ([(0, 0), (3, 3)], [3, 0], [2, 1])),
        ((3,), (3,), (1,), (3,), ([(1, -1)], [0], [1])),
    ],
)
def test_a_geometry_that_goes_wrong_becomes_an_equal_one(kernel, stride, padding, size, expected):
    assert tuple(sound_geometry(size, kernel, stride, padding)) == expected
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(size)]
    torch.manual_seed(0)
    leaves = [torch.randn(*shape, dtype=torch.double, requires_grad=True) for shape in ((2, 3, *size), (4, 3, *kernel))]
    plain = convolve(*leaves, None, stride, padding)
    with Bf16Layers():
        other = convolve(*leaves, None, stride, padding)
    torch.testing.assert_close(other, plain)
    grad = torch.randn_like(plain)
    torch.testing.assert_close(torch.autograd.grad(other, leaves, grad), torch.autograd.grad(plain, leaves, grad))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_padding_in_words_dilation_groups_and_bias_mean_what_they_meant():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 2, 5, 5, dtype=torch.double)
    layers = [
        nn.Conv3d(4, 8, (3, 4, 3), padding='same'),
        nn.Conv3d(4, 8, (3, 3, 3), padding=(2, 2, 2), dilation=2, groups=2),
        nn.Conv3d(4, 8, (1, 5, 5), stride=3, padding='valid', bias=False),
        nn.Conv3d(4, 8, 3, stride=2, padding=1, padding_mode='replicate'),
    ]
    for layer in layers:
        plain = layer.double()(x)
        with Bf16Layers():
            torch.testing.assert_close(layer(x), plain)


def test_a_cpu_is_asked_and_tried(monkeypatch):
    cpu_bf16.why_not_bf16.cache_clear()
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: False)
    assert cpu_bf16.why_not_bf16() == 'this CPU has no AVX512-BF16'
    cpu_bf16.why_not_bf16.cache_clear()
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: True)
    monkeypatch.setattr(cpu_bf16, 'gradient_error', lambda weight, stride, *_: math.inf if stride == (2, 2, 2) else 0)
    assert 'computes bf16 convolutions wrongly on this CPU, such as weight=(32, 16, 3, 3, 3)' in cpu_bf16.why_not_bf16()
    cpu_bf16.why_not_bf16.cache_clear()


@has_bf16
def test_gradients_are_right_whatever_lies_in_freed_memory():
    """Without `Bf16Layers` the second case reads memory that nothing was written to."""
    for case in cpu_bf16.CASES:
        freed = [torch.full((2**power,), math.nan) for power in range(6, 20) for _ in range(3)]
        del freed
        assert cpu_bf16.gradient_error(*case) < cpu_bf16.MOST_WRONG


@has_bf16
def test_pooling_and_attention_are_chosen_for_bf16():
    x = torch.randn(1, 2, 2, 4, 4, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16), cpu_bf16.cpu_kernels():
        assert F.max_pool3d(x.bfloat16(), 2).dtype == torch.bfloat16
        assert not torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()


@has_bf16
def test_a_pretraining_step_in_bf16_has_the_gradients_of_one_in_fp32(small):
    """Whole: both heads, the fused neck, both losses, maps two frames deep.

    A rounding to 8 bits is off by up to 2^-9, by 2^-9 / sqrt(3) in the root mean square; a layer rounds its weights,
    its input and its output, which makes 2^-9, and l of them sqrt(l) 2^-9. Backward the largest error is ReLU's: where
    normalised values of deviation 1 are off by d, 0.64 d of them change sides of zero, the gradient of which is all
    wrong: sqrt(0.64 d / 0.5) of its norm, as half of it passes. Of RELUS such layers, the middle one being typical:
    24 %. An error e at right angles leaves a cosine of 1 / sqrt(1 + e^2), and the norm may differ by e.
    """
    error = math.sqrt(RELUS * 1.28 * math.sqrt(RELUS / 2) * 2**-9)
    exact, rounded = (gradients(small, precision) for precision in ('fp32', 'bf16'))
    groups = {'.'.join(name.split('.')[:2]) for name in exact}
    assert {'backbone.layer4', 'motion_head.m_network', 'motion_head.predictor', 'context_head.i_network'} <= groups
    for group in sorted(groups):
        near, true = (
            torch.cat([grad.flatten() for name, grad in grads.items() if name.startswith(f'{group}.')])
            for grads in (rounded, exact)
        )
        assert near.isfinite().all(), group
        assert F.cosine_similarity(near, true, dim=0) > 1 / math.sqrt(1 + error**2), group
        assert near.norm().item() == pytest.approx(true.norm().item(), rel=error), group


RELUS = 10
"""From a pixel to a loss: 9 of the backbone, one of the projection."""


@pytest.fixture
def small(repository):
    """The demo's pretraining with the fast step; its last maps are two frames deep, as the paper's are."""
    config = load_config(repository / 'configs/fast/pretrain_demo.py')
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield config


def gradients(config: Config, precision: str) -> dict[str, torch.Tensor]:
    """Of one step on noise, without the update."""
    config = copy.deepcopy(config)
    config.fast_step.precision = precision
    spell_out(config, 'cpu')
    assert config.optim_wrapper.precision == precision
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    inputs = dict(
        imgs=torch.randn(16, 3, 16, 48, 48), iframe=torch.randn(16, 3, 48, 48), motion=torch.randn(16, 4, 2, 8, 12, 12)
    )
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    with wrapper.optim_context(model):
        losses = model(inputs, mode='loss')
    wrapper.backward(sum(value for name, value in losses.items() if 'loss' in name))
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def test_what_published_figures_come_from_keeps_its_precision(repository):
    """EVIDENCE.md and README's demo were made in fp32; whatever finetunes, tests or embeds stays in fp32, too."""
    configs = repository / 'configs'
    paths = [path for folder in ('demo', 'evidence', 'protocols') for path in (configs / folder).glob('*.py')]
    assert len(paths) > 50
    bases = set(configs.glob('_base_/*/*.py')) - {configs / '_base_/rivals/paper.py'}  # a pretraining, as the main one
    assert [path for path in [*paths, *bases] if 'fast_step' in path.read_text()] == []
    for name in ('demo/pretrain', 'evidence/pretrain', 'evidence/far_future_09', 'finetune_c3d_ucf'):
        config = Config.fromfile(configs / f'{name}.py')
        assert spell_out(config, 'cpu') == []
        assert config.optim_wrapper.type == 'OptimWrapper'
