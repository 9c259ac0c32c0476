"""The levers of `fast_step`: their names and positions. Nothing here imports torch: reading a config needs no more."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True, kw_only=True)
class FastStep:
    """The levers; every one must be named.

    Raises:
        TypeError: a lever is misspelt or missing.
        ValueError: a lever has no such position.
    """

    precision: Literal['bf16', 'fp32']
    """Of forward passes; losses, weights, gradients and optimiser are fp32 either way. A CPU that bf16 does not suit
    takes fp32."""
    memory_format: Literal['channels_last', 'contiguous']
    """Of convolution weights, which the activations follow."""
    optimizer: Literal['fused', 'foreach']
    """One kernel for all parameters, or a few for each operation of the update."""
    logs: Literal['deferred', 'every_step']
    """When losses and the gradient norm are read from the device: when a line is printed, or after each step."""
    colour: Literal['host', 'device']
    """Where pictures are recoloured: sample by sample in the loader, or a batch at once before the networks. The draws
    are the same, and most values; the others were seen to differ by a level, hardly any by more. On a CPU 'device' is
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
