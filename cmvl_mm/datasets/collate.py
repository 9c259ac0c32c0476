"""Collate samples to a batch. Grids of videos of different size are zero-padded to the largest of the batch."""

import copyreg
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import get_worker_info

_ALIGNED = 64  # bytes: alignment of the tensors in a block


@FUNCTIONS.register_module()
def compressed_collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Stack every input along a new first axis; data samples stay a list.

    Inputs in MMAction2's layouts (`PackSample(layout='NCTHW')`) also stay a list: its preprocessor stacks them.

    Raises:
        ValueError: the videos have different numbers of clips, as with `place='sliding'`; or a sample has an input
            that another one lacks.
    """
    inputs: Any = [sample['inputs'] for sample in samples]
    if isinstance(inputs[0], Mapping):
        _require_same_names(inputs)
        columns = {name: [one[name] for one in inputs] for name in inputs[0]}
        inputs = stack_inputs(columns) if get_worker_info() is None else _stack_shared(columns)
    return dict(inputs=inputs, data_samples=[sample['data_samples'] for sample in samples])


def _require_same_names(inputs: Sequence[Mapping[str, Tensor]]) -> None:
    """Refuse different inputs: an input that one sample lacks would be lost for the whole batch."""
    if len({frozenset(one) for one in inputs}) > 1:
        in_all = frozenset.intersection(*map(frozenset, inputs))
        some = sorted(frozenset.union(*map(frozenset, inputs)) - in_all)
        raise ValueError(
            f'some samples of one batch lack {", ".join(some)}, which others have. Remedy: use one pipeline for all '
            'parts of the data set; past_end of its first stage gives motion_valid.'
        )


def stack_inputs(columns: Mapping[str, Sequence[Tensor]]) -> dict[str, Tensor]:
    """Stack the tensors of all samples for each input name, on the tensors' device.

    The padding of `motion` and `residual` never reaches a network: crop boxes lie inside each video's own grid.

    Raises:
        ValueError: the videos have different numbers of clips.
    """
    shapes = _shapes(columns)
    batch = {name: tensors[0].new_empty(shapes[name]) for name, tensors in columns.items()}
    _fill(batch, columns)
    return batch


class _Slot(NamedTuple):
    """Position of a tensor in a block."""

    name: str
    begin: int  # bytes
    dtype: torch.dtype
    shape: tuple[int, ...]


class _Block(dict[str, Tensor]):
    """A worker's inputs in one piece of memory; another process receives them as a plain dict.

    Separate tensors would each need a file, a connection between the processes and a copy. A block made by
    `type(block)(mapping)`, or one with a replaced tensor, is pickled like any dict.
    """

    parts: tuple[list[_Slot], Tensor] | None = None
    """The slots and the memory of the views from which the block was made."""


def _stack_shared(columns: Mapping[str, Sequence[Tensor]]) -> _Block:
    """`stack_inputs` in memory that a worker shares with the training process."""
    slots, size = [], 0
    for name, shape in _shapes(columns).items():
        slots.append(_Slot(name, size, columns[name][0].dtype, shape))
        size += _bytes(slots[-1])
        size += -size % _ALIGNED
    shared = torch.UntypedStorage._new_shared(size)  # as in torch's own collate
    memory = torch.empty(0, dtype=torch.uint8).set_(shared)
    block = _Block(_views(slots, memory))
    block.parts = slots, memory
    _fill(block, columns)
    return block


def _for_the_way(block: _Block) -> tuple[Callable[..., Any], tuple]:
    """Pickle a block."""
    if block.parts is None or not _same_places(block, _views(*block.parts)):
        return dict, (dict(block),)
    return _views, block.parts


copyreg.pickle(_Block, _for_the_way)


def _same_places(inputs: dict[str, Tensor], views: dict[str, Tensor]) -> bool:
    return inputs.keys() == views.keys() and all(
        inputs[name].dtype == view.dtype and inputs[name].is_set_to(view) for name, view in views.items()
    )


def _views(slots: list[_Slot], memory: Tensor) -> dict[str, Tensor]:
    return {
        slot.name: memory[slot.begin : slot.begin + _bytes(slot)].view(slot.dtype).view(slot.shape) for slot in slots
    }


def _bytes(slot: _Slot) -> int:
    return math.prod(slot.shape) * slot.dtype.itemsize


def _shapes(columns: Mapping[str, Sequence[Tensor]]) -> dict[str, tuple[int, ...]]:
    """Shape of each column's batch; the grids of `motion` and `residual` may differ in size."""
    different = sorted({tuple(tensor.shape) for tensor in columns.get('imgs', ())})
    if len(different) > 1:
        raise ValueError(f'imgs of one batch differ in shape: {different}. Remedy: set test_dataloader.batch_size=1.')
    return {
        name: (len(tensors), *map(max, zip(*(tensor.shape for tensor in tensors), strict=True)))
        for name, tensors in columns.items()
    }


def _fill(batch: dict[str, Tensor], columns: Mapping[str, Sequence[Tensor]]) -> None:
    for name, tensors in columns.items():
        if name in ('motion', 'residual'):
            _pad_and_stack(tensors, batch[name])
        else:
            torch.stack(list(tensors), out=batch[name])


def _pad_and_stack(grids: Sequence[Tensor], batch: Tensor) -> None:
    """Write grids (K, T, Hb, Wb, 2) to the batch (B, K, T, max Hb, max Wb, 2)."""
    batch.zero_()
    for row, grid in zip(batch, grids, strict=True):
        row[:, :, : grid.shape[2], : grid.shape[3]] = grid
