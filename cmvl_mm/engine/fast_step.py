"""Translate `fast_step` of a config into the keys that MMEngine and the model read.

The levers change how fast a step is, not what it computes, up to rounding. They are in one dict because they concern
data, model, optimiser and hooks at once, and MMEngine forbids two base files to set the same key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from mmengine.config import Config
from torch import nn

from cmvl_mm.datasets.stages import find

from .cpu_bf16 import why_not_bf16
from .levers import LEVERS, FastStep


def spell_out(config: Config, device: str) -> list[str]:
    """Write the levers of `config.fast_step` into the keys that are read; a config without `fast_step` stays unchanged.

    Args:
        config: changed in place.
        device: 'cuda' or 'cpu', where the model will train.

    Returns:
        A line for each lever with its position and, where it differs from the config, the reason.

    Raises:
        ValueError: `fast_step` is not a dict, or a lever is missing or has an unknown position; colour is set to the
            device and the pipeline has no stage `colour`; there are several optimisers, or the wrapper has another
            type.
    """
    if config.get('fast_step') is None or config.get('optim_wrapper') is None:
        return []
    if not isinstance(config.fast_step, dict):
        raise ValueError(
            f'fast_step={config.fast_step!r} must be a dict of {", ".join(sorted(LEVERS))}. Remedy: set '
            "fast_step=None for MMEngine's plain step."
        )
    _take_wrapper(config)
    levers = _levers_of(config.fast_step)
    precision, remark = levers.precision, ''
    if levers.precision == 'bf16' and device == 'cpu' and (reason := why_not_bf16()):
        precision, remark = 'fp32', f', not bf16: {reason}'
    pipeline = config.get('train_dataloader', {}).get('dataset', {}).get('pipeline', [])
    stages = find(pipeline, 'colour')
    if isinstance(pipeline, tuple):  # MMEngine cannot merge into a tuple
        config.train_dataloader.dataset.pipeline = list(pipeline)
    if not stages and levers.colour == 'device':
        raise ValueError(
            "fast_step.colour='device': train_dataloader.dataset.pipeline has no stage `colour` to move to the "
            'device. Remedy: set fast_step.colour=host.'
        )
    colour, colour_remark = levers.colour, ''
    if levers.colour == 'device' and device == 'cpu':
        colour = 'host'
        colour_remark = ', not device: on a CPU torch measured tens of times slower than OpenCV'
    changes: dict[str, Any] = {
        'optim_wrapper.type': 'StepOptimWrapper',
        'optim_wrapper.precision': precision,
        'optim_wrapper.grad_norm': 'kept' if levers.logs == 'deferred' else 'read',
        'optim_wrapper.optimizer.fused': levers.optimizer == 'fused',
        'optim_wrapper.optimizer.foreach': levers.optimizer == 'foreach',
        'default_hooks.runtime_info.type': 'DeferredInfoHook' if levers.logs == 'deferred' else 'RuntimeInfoHook',
    }
    changes |= {f'train_dataloader.dataset.pipeline.{number}.where': colour for number in stages}
    memory_format: str = levers.memory_format
    if (kind := _name_of(config.get('model'))) in ('ContextMotionRecognizer', 'PretextRecognizer'):
        changes['model.memory_format'] = levers.memory_format
    else:
        memory_format = f'unchanged, not {levers.memory_format}: {kind} has no such setting'
    config.merge_from_dict(changes)
    return [
        f'fast_step.precision: {precision}{remark}',
        f'fast_step.memory_format: {memory_format}',
        f'fast_step.optimizer: {levers.optimizer}',
        f'fast_step.logs: {levers.logs}',
        f'fast_step.colour: {colour}{colour_remark}',
        f'fast_step.compile: {", ".join(levers.compile) or "nothing"}',
    ]


def _name_of(model: dict[str, Any] | None) -> str:
    """The name of the class in a model's config, where the class is given by name or as an object."""
    kind = (model or {}).get('type', 'a model without a type')
    return kind.split('.')[-1] if isinstance(kind, str) else kind.__name__


def _levers_of(positions: Mapping[str, Any]) -> FastStep:
    required = [field.name for field in fields(FastStep) if field.default is MISSING]
    if missing := [name for name in required if name not in positions]:
        raise ValueError(
            f'fast_step has {", ".join(positions) or "no keys"}, but lacks {", ".join(missing)}. Remedy: set all of '
            "them, with '_base_/fast_step.py' as a base file; or omit fast_step."
        )
    return FastStep(**positions)


def _take_wrapper(config: Config) -> None:
    """Use bf16 for the mixed precision of MMAction2's train.py --amp; refuse other wrappers, which have no levers."""
    wrapper = config.optim_wrapper
    if 'constructor' in wrapper and 'optimizer' not in wrapper:
        raise ValueError(
            f'optim_wrapper.constructor={wrapper.constructor!r} builds several optimisers, but fast_step supports '
            'one. Remedy: set fast_step=None.'
        )
    if wrapper.get('use_fsdp'):
        raise ValueError(
            f'optim_wrapper.use_fsdp={wrapper.use_fsdp!r} does not work with fast_step. '
            'Remedy: set use_fsdp=False or fast_step=None.'
        )
    if wrapper.get('type') == 'AmpOptimWrapper':
        for name in ('loss_scale', 'dtype', 'use_fsdp'):
            wrapper.pop(name, None)
        config.fast_step.precision = 'bf16'
    elif wrapper.get('type', 'OptimWrapper') not in ('OptimWrapper', 'StepOptimWrapper'):
        raise ValueError(
            f'optim_wrapper.type={wrapper.type!r} does not work with fast_step. '
            "Remedy: set type='OptimWrapper' or fast_step=None."
        )


def compile_parts(model: nn.Module, names: Sequence[str]) -> None:
    """torch.compile the named submodules separately and in place; state-dict keys stay the same.

    MMEngine's `compile` compiles the whole step, in which optimiser, gathers and logs break the graph. Shapes are
    static: batches keep their shape. V-, M- and I-Network may have one class, and torch would treat the second instance
    as the first one with other shapes, on which its CPU compiler (2.13) failed.

    Raises:
        ValueError: the model has no such part.
    """
    parts = dict(model.named_modules())
    for name in names:
        if name not in parts:
            offered = [child for child in parts if child and child.count('.') < 2]
            raise ValueError(f'fast_step.compile: the model has no part {name!r}. Some parts: {", ".join(offered)}.')
        parts[name].compile(dynamic=False)
