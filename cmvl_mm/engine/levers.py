"""The levers of `fast_step`: names and positions. This module does not import torch: reading a config needs none."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True, kw_only=True)
class FastStep:
    """The levers of `fast_step`; a config must set every one without a default.

    Raises:
        TypeError: a lever is misspelt or missing.
        ValueError: a lever has no such position.
    """

    precision: Literal['bf16', 'fp32']
    """Precision of forward passes; losses, weights, gradients and optimiser are always fp32. A CPU without suitable
    bf16 uses fp32."""
    memory_format: Literal['channels_last', 'contiguous']
    """Memory format of convolution weights; the activations follow it."""
    optimizer: Literal['fused', 'foreach']
    """'fused': one kernel for all parameters; 'foreach': a few kernels for each operation of the update."""
    logs: Literal['deferred', 'every_step']
    """When losses and the gradient norm are read from the device: when a line is printed, or after each step."""
    colour: Literal['host', 'device']
    """Where pictures are recoloured: sample by sample in the loader, or a batch at once before the networks. The random
    draws and most values are the same; other values differ by one level, very few by more. On a CPU 'device' means
    'host'."""
    compile: Sequence[str] = ()
    """Submodules for torch.compile, e.g. ('backbone', 'motion_head.m_network')."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for name, value in vars(self).items():
            if get_args(hints[name]) and name != 'compile' and value not in get_args(hints[name]):
                raise ValueError(
                    f'fast_step.{name}={value!r} is unknown. Supported: {", ".join(get_args(hints[name]))}'
                )
        if isinstance(self.compile, str):
            raise ValueError(f'fast_step.compile={self.compile!r} must be a list of submodules.')


LEVERS = frozenset(field.name for field in fields(FastStep))
