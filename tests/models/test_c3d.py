"""C3D with batch-norm: its size, its maps, and its own name in the registry."""

import pytest
import torch
from mmaction.registry import MODELS

import cmvl_mm.compat  # noqa: F401  (the registry imports mmaction.models)
from cmvl_mm.models.c3d import C3DBN


def test_size_and_maps_are_the_papers():
    with torch.device('meta'):
        network, both = C3DBN(), C3DBN(out_indices=(3, 4))
        last = network(torch.empty(1, 3, 16, 112, 112))
        fourth, fifth = both(torch.empty(1, 3, 16, 112, 112))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(27.66, abs=0.005)
    assert fourth.shape == (1, 512, 4, 14, 14)
    assert fifth.shape == (1, 512, 2, 7, 7)
    assert last.shape == fifth.shape  # a lone map comes bare
    assert network.out_channels == 512


def test_every_convolution_keeps_its_bias_and_is_normalized():
    network = C3DBN(width=2)
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv3d)]
    assert len(convolutions) == 8
    assert all(conv.bias is not None for conv in convolutions)
    assert sum(isinstance(m, torch.nn.BatchNorm3d) for m in network.modules()) == 8


def test_its_name_is_not_mmaction2s():
    assert MODELS.get('C3DBN') is C3DBN
    assert MODELS.get('C3D') is not C3DBN
