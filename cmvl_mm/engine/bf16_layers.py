"""Layers under a CPU's bf16 autocast: convolutions that oneDNN computes wrongly, and pooling that stays in bf16.

Torch 2.10, 2.13 and 2.14 compute two kinds of convolutions wrongly on AVX512-BF16. A finite gradient may also be
wrong:

* Padding along an axis that is shorter than the kernel: the weight's gradient is computed with a wrong plane, and is
  sometimes not finite. Each network of the paper has such layers.
* One output along an axis with a stride above 1 (pytorch#169688): all gradients, and on some processors the output, are
  wrong.

Zeros added around the input give the same sums without padding, and the stride has no effect where an axis has one
output. So both kinds are still computed in bf16, as an equal convolution of another geometry.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

CONVOLUTIONS: dict[Callable[..., Tensor], int] = {torch.conv1d: 1, torch.conv2d: 2, torch.conv3d: 3}
"""Function -> spatial axes."""


class Bf16Layers(TorchFunctionMode):
    """Inside this context, convolutions with such a geometry are replaced by equal ones of another geometry.

    max_pool3d keeps the type of its input, which a CPU's autocast would cast to fp32: a maximum is not rounded.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in CONVOLUTIONS:
            return _convolve(func, *args, **(kwargs or {}))
        if func in (F.max_pool3d, torch.max_pool3d):
            with torch.autocast('cpu', enabled=False):
                return func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


class Geometry(NamedTuple):
    """The geometry of a convolution: a number or a pair for each spatial axis."""

    zeros: list[tuple[int, int]]
    """Zeros to add before and after the input; negative numbers crop the input."""
    padding: list[int]
    """Padding that the convolution itself adds at both ends."""
    stride: list[int]


def sound_geometry(
    lengths: Sequence[int], reaches: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> Geometry:
    """The geometry with which oneDNN computes the same convolution correctly.

    Args:
        lengths: size of the input along its spatial axes; with three axes the depth is first.
        reaches: extent of the kernel along each axis, from its first to its last tap.
        stride: stride of the windows.
        padding: padding at both ends.
    """
    sound = Geometry([(0, 0)] * len(lengths), list(padding), list(stride))
    for axis, (length, reach, step, pad) in enumerate(zip(lengths, reaches, stride, padding, strict=True)):
        outputs = (length + 2 * pad - reach) // step + 1
        if outputs == 1 and step > 1:
            unseen = length + 2 * pad - reach  # by the only window; with stride 1 there would be more windows
            sound.zeros[axis], sound.padding[axis], sound.stride[axis] = (pad, pad - unseen), 0, 1
        elif length < reach and (pad > 1 or (pad > 0 and outputs > 1)):
            sound.zeros[axis], sound.padding[axis] = (pad, pad), 0
    return sound


def _convolve(
    convolution: Callable[..., Tensor],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """torch.conv1d, conv2d or conv3d, with their signature."""
    axes = CONVOLUTIONS[convolution]
    dilations = _each(dilation, axes)
    reaches = [step * (taps - 1) + 1 for step, taps in zip(dilations, weight.shape[2:], strict=True)]
    if isinstance(padding, str):  # 'same', which has stride 1, or 'valid'
        missing = [reach - 1 if padding == 'same' else 0 for reach in reaches]
        input = _lay_round(input, [(0, odd % 2) for odd in missing])
        padding = [zeros // 2 for zeros in missing]
    sound = sound_geometry(input.shape[-axes:], reaches, _each(stride, axes), _each(padding, axes))
    input = _lay_round(input, sound.zeros)
    return convolution(input, weight, bias, sound.stride, sound.padding, dilations, groups)


def _each(setting: int | Sequence[int], axes: int) -> list[int]:
    values = [setting] if isinstance(setting, int) else list(setting)
    return values * axes if len(values) == 1 else values


def _lay_round(input: Tensor, zeros: Sequence[tuple[int, int]]) -> Tensor:
    """Add zeros before and after each spatial axis; F.pad takes the last axis first."""
    return F.pad(input, [number for pair in reversed(zeros) for number in pair]) if any(map(any, zeros)) else input
