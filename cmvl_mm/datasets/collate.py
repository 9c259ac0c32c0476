"""Samples -> batch. Grids of videos of different size are zero-padded to the batch's largest."""

from typing import Any

import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor


@FUNCTIONS.register_module()
def compressed_collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Stack every input along a new first axis; data samples stay a list.

    The padding of `motion` never reaches a network: crop boxes lie inside each video's own grid.

    Raises:
        ValueError: the videos have different numbers of clips, as `place='sliding'` gives them.
    """
    names = samples[0]['inputs'].keys()
    shapes = {tuple(sample['inputs']['imgs'].shape) for sample in samples if 'imgs' in names}
    if len(shapes) > 1:
        raise ValueError(f'imgs of one batch differ in shape: {sorted(shapes)}. Remedy: test_dataloader.batch_size=1.')
    inputs = {}
    for name in names:
        tensors = [sample['inputs'][name] for sample in samples]
        inputs[name] = _pad_and_stack(tensors) if name == 'motion' else torch.stack(tensors)
    return dict(inputs=inputs, data_samples=[sample['data_samples'] for sample in samples])


def _pad_and_stack(grids: list[Tensor]) -> Tensor:
    """(K, T, Hb, Wb, 2) each -> (B, K, T, max Hb, max Wb, 2)."""
    rows, columns = max(grid.shape[2] for grid in grids), max(grid.shape[3] for grid in grids)
    batch = grids[0].new_zeros(len(grids), *grids[0].shape[:2], rows, columns, 2)
    for row, grid in zip(batch, grids, strict=True):
        row[:, :, : grid.shape[2], : grid.shape[3]] = grid
    return batch
