"""A model's `test_cfg`: the network whose features a test takes, and their pooling."""

from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor

from cmvl_mm.models.feature_maps import Features

TestNetwork = Literal['backbone', 'i_network', 'm_network']
TestPool = Literal['average', 'max_2x2']


def read_test_cfg(
    *, clips_per_forward: int | None = None, network: TestNetwork = 'backbone', pool: TestPool = 'average'
) -> tuple[int | None, TestNetwork, TestPool]:
    """Check `test_cfg`; a misspelt key raises TypeError."""
    if clips_per_forward is not None and clips_per_forward < 1:
        raise ValueError(f'clips_per_forward must be at least 1, got {clips_per_forward}')
    if network not in get_args(TestNetwork):
        raise ValueError(f'network={network!r} is unknown. Supported: {", ".join(get_args(TestNetwork))}')
    if pool not in get_args(TestPool):
        raise ValueError(f'pool={pool!r} is unknown. Supported: {", ".join(get_args(TestPool))}')
    return clips_per_forward, network, pool


def pooled(features: Features, pool: TestPool) -> Tensor:
    """Pool features -> (N, C), or (N, C * T * (H // 2) * (W // 2)) with 'max_2x2'."""
    if pool == 'average':
        return features.pooled()
    return F.max_pool3d(features.last_map(f"test_cfg's pool={pool!r}", instead="pool='average'"), (1, 2, 2)).flatten(1)
