"""Samples -> batch. Grids of videos of different size are zero-padded to the batch's largest."""

import copyreg
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import get_worker_info

_ALIGNED = 64  # bytes: where a tensor may begin in a block


class _Slot(NamedTuple):
    """Where a tensor lies in a block."""

    name: str
    begin: int  # bytes
    dtype: torch.dtype
    shape: tuple[int, ...]


class _Block(dict[str, Tensor]):
    """Inputs in one piece of memory; in another process they arrive as a plain dict.

    Each tensor on its own would cost a file, a connection between the processes and a copy.
    """

    def __init__(self, slots: list[_Slot], memory: Tensor) -> None:
        super().__init__(_views(slots, memory))
        self.parts = slots, memory


def _in_one_piece(block: _Block) -> tuple[Callable[..., Any], tuple]:
    return _views, block.parts


copyreg.pickle(_Block, _in_one_piece)


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
    inputs = _new_block({name: [sample['inputs'][name] for sample in samples] for name in names})
    for name, batch in inputs.items():
        tensors = [sample['inputs'][name] for sample in samples]
        if name == 'motion':
            _pad_and_stack(tensors, batch)
        else:
            torch.stack(tensors, out=batch)
    return dict(inputs=inputs, data_samples=[sample['data_samples'] for sample in samples])


def _new_block(columns: dict[str, list[Tensor]]) -> _Block:
    """Room for the batch of each column; in a worker in memory that it shares with the training."""
    slots, size = [], 0
    for name, tensors in columns.items():
        shape = (len(tensors), *map(max, zip(*(tensor.shape for tensor in tensors), strict=True)))
        slots.append(_Slot(name, size, tensors[0].dtype, shape))
        size += _bytes(slots[-1])
        size += -size % _ALIGNED
    if get_worker_info() is None:
        return _Block(slots, torch.empty(size, dtype=torch.uint8))
    shared = torch.UntypedStorage._new_shared(size)  # what torch's own collate does
    return _Block(slots, torch.empty(0, dtype=torch.uint8).set_(shared))


def _views(slots: list[_Slot], memory: Tensor) -> dict[str, Tensor]:
    return {
        slot.name: memory[slot.begin : slot.begin + _bytes(slot)].view(slot.dtype).view(slot.shape) for slot in slots
    }


def _bytes(slot: _Slot) -> int:
    return math.prod(slot.shape) * slot.dtype.itemsize


def _pad_and_stack(grids: list[Tensor], batch: Tensor) -> None:
    """(K, T, Hb, Wb, 2) each -> (B, K, T, max Hb, max Wb, 2)."""
    batch.zero_()
    for row, grid in zip(batch, grids, strict=True):
        row[:, :, : grid.shape[2], : grid.shape[3]] = grid
