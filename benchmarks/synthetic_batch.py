"""A pretraining batch of noise, with the shapes and types of a config's loader."""

from typing import Any

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from torch import Tensor

from cmvl_mm.datasets.augment import draw_colour, encode_colour
from cmvl_mm.datasets.stages import stage_of


def synthetic_batch(config: Config, videos: int, device: str) -> dict[str, Any]:
    """`dict(inputs=…)` as packed by the collate, on `device`: uint8 pictures, int16 block grids of 2 x 2 crops.

    If the config leaves colour to the device, the random draws are those of the pipeline.
    The device may be 'meta', for shapes only.
    """
    pipeline = config.train_dataloader.dataset.pipeline
    sample, size = stage_of(pipeline, 'sample'), stage_of(pipeline, 'crop').size
    windows, block = 1 + sample.num_negatives, config.train_dataloader.dataset.block
    blocks = -(-2 * size // block)

    def noise(low: int, high: int, *shape: int, dtype: torch.dtype) -> Tensor:
        return torch.randint(low, high, shape, dtype=dtype, device=device)

    box = torch.tensor([size // 2, size // 2, size, size], dtype=torch.int32, device=device)
    inputs = dict(
        imgs=noise(0, 256, videos, 3, sample.clip_len, size, size, dtype=torch.uint8),
        iframe=noise(0, 256, videos, 3, size, size, dtype=torch.uint8),
        motion=noise(-40, 41, videos, windows, sample.motion_len, blocks, blocks, 2, dtype=torch.int16),
        motion_box=box.expand(videos, windows, 4).contiguous(),
        motion_flip=noise(0, 2, videos, windows, dtype=torch.bool),
        motion_block=torch.full((videos,), block, device=device),
    )
    if stage_of(pipeline, 'read').get('residual', 'none') != 'none':
        inputs['residual'] = torch.rand(videos, windows, sample.motion_len, blocks, blocks, 2, device=device)
    colour = TRANSFORMS.build(stage_of(pipeline, 'colour'))
    if colour.where == 'device':
        rng = np.random.default_rng(0)
        for name in ('imgs_colour', 'iframe_colour'):
            draws = [encode_colour(draw_colour(rng, **colour.settings)) for _ in range(videos)]
            inputs[name] = torch.from_numpy(np.stack(draws)).to(device)
    return dict(inputs=inputs, data_samples=None)


def bytes_per_sample(config: Config) -> int:
    """Bytes sent from the host to the device for one video."""
    inputs = synthetic_batch(config, 1, 'meta')['inputs']
    return sum(value.numel() * value.element_size() for value in inputs.values())
