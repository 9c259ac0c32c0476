"""Layers under a CPU's bf16 autocast: convolutions that oneDNN computes wrongly, and pooling that stays in bf16.

Two kinds of geometry go wrong with torch 2.10, 2.13 and 2.14 on AVX512-BF16. A gradient that is finite may be wrong,
too:

* Padding along an axis that is shorter than the kernel: the weight's gradient is formed with a plane that is not the
  right one, and is at times not finite. Each network of the paper has such layers.
* One output along an axis with a stride above 1 (pytorch#169688): all gradients, and on some processors the output, are
  wrong.

Zeros laid round the input beforehand give the same sums without padding; where there is one output along an axis, the
stride means nothing. So both are computed in bf16 all the same, as another geometry.
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
    """While it is entered, convolutions of such a geometry become equal ones of another.

    max_pool3d takes what it is given, which a CPU's autocast would cast to fp32: a maximum is not rounded.
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
    """Of a convolution; a number, or a pair, for each spatial axis."""

    zeros: list[tuple[int, int]]
    """To lay before and after the input beforehand; negative numbers cut off."""
    padding: list[int]
    """Left to the convolution, at both ends."""
    stride: list[int]


def sound_geometry(
    lengths: Sequence[int], reaches: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> Geometry:
    """The same convolution as oneDNN computes it rightly.

    Args:
        lengths: of the input along its spatial axes, the depth first where there are three.
        reaches: of the kernel, from its first to its last tap.
        stride: of the windows.
        padding: at both ends.
    """
    sound = Geometry([(0, 0)] * len(lengths), list(padding), list(stride))
    for axis, (length, reach, step, pad) in enumerate(zip(lengths, reaches, stride, padding, strict=True)):
        outputs = (length + 2 * pad - reach) // step + 1
        if outputs == 1 and step > 1:
            unseen = length + 2 * pad - reach  # by the one window; with stride 1 there would be more windows
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
    if isinstance(padding, str):  # 'same', whose stride is 1, or 'valid'
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
    """Zeros before and after each spatial axis, which F.pad wants last axis first."""
    return F.pad(input, [number for pair in reversed(zeros) for number in pair]) if any(map(any, zeros)) else input
