"""The input and output layout of a backbone, detected when the model is built or stated in the config."""

import inspect
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from torch import nn

import cmvl_mm.compat  # noqa: F401  (mends the import of mmaction.models)

Input = Literal['clips', 'frames']
Several = Literal['stages', 'pathways']

NOT_FOR_CLIPS = {
    'AAGCN': 'skeletons',
    'STGCN': 'skeletons',
    'ResNetAudio': 'spectrograms of sound',
    'ResNet3dLayer': "the map of another network's stage",
}
"""MMAction2's backbones whose input is not pictures."""


class Layout(NamedTuple):
    """The layout of the clips that a backbone takes and of the maps that it returns.

    Attributes:
        input: 'clips' (N, 3, T, H, W), or 'frames' (N * T, 3, H, W), which 2D backbones take.
        several: what a tuple of maps holds: successive 'stages', or SlowFast's two 'pathways', slow and fast. None
            decides by the shapes.
        grid: (T, H, W) of tokens (N, L, C), in this order; one class token may precede them. None refuses tokens.
    """

    input: Input
    several: Several | None
    grid: tuple[int, int, int] | None


def layout_of(
    backbone: nn.Module,
    *,
    input: Input | None = None,
    several: Several | None = None,
    grid: Sequence[int] | None = None,
) -> Layout:
    """The layout that the config states, completed by what is known about MMAction2's backbones.

    Args:
        backbone: the network.
        input: None means 'frames' for MMAction2's 2D backbones and 'clips' for all others.
        several: None means 'pathways' for a network with `slow_path` and `fast_path`.
        grid: see `Layout`.

    Raises:
        ValueError: a setting has an unknown value, or the backbone needs other inputs than clips.
    """
    if input not in (None, 'clips', 'frames'):
        raise ValueError(f"model.backbone_layout: input={input!r} is not one of 'clips', 'frames'")
    if several not in (None, 'stages', 'pathways'):
        raise ValueError(f"model.backbone_layout: several={several!r} is not one of 'stages', 'pathways'")
    if grid is not None and not _is_grid(grid):
        raise ValueError(f'model.backbone_layout: grid={grid} must be (T, H, W), whole numbers, each at least 1')
    _require_clips_alone(backbone)
    if input is None:
        input = 'frames' if _takes_frames(backbone) else 'clips'
    if several is None and hasattr(backbone, 'slow_path') and hasattr(backbone, 'fast_path'):
        several = 'pathways'
    return Layout(input, several, None if grid is None else (grid[0], grid[1], grid[2]))


def _is_grid(grid: Any) -> bool:
    sizes = grid if isinstance(grid, (list, tuple)) else ()
    return len(sizes) == 3 and all(type(size) is int and size >= 1 for size in sizes)


def _takes_frames(backbone: nn.Module) -> bool:
    """Whether this is one of MMAction2's 2D backbones. C2D is derived from one, but takes clips."""
    from mmaction.models import backbones  # the import takes seconds; the registry has already done it here

    names = ('ResNet', 'MobileNetV2', 'MobileOneTSM')  # the last exists only with mmpretrain
    two_d = tuple(getattr(backbones, name) for name in names if hasattr(backbones, name))
    return isinstance(backbone, two_d) and not isinstance(backbone, backbones.C2D)


def _require_clips_alone(backbone: nn.Module) -> None:
    name = type(backbone).__name__
    if name in NOT_FOR_CLIPS and type(backbone).__module__.startswith('mmaction.'):
        raise ValueError(
            f'model.backbone={name} takes {NOT_FOR_CLIPS[name]}, not clips of pictures. '
            'Remedy: use a backbone for RGB clips; docs/backbones.md lists them.'
        )
    needed = [
        parameter.name
        for parameter in inspect.signature(backbone.forward).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    if len(needed) > 1:
        raise ValueError(
            f'model.backbone={name} needs {", ".join(needed[1:])} besides the clips, but gets clips only. '
            'Remedy: use a backbone for RGB clips; docs/backbones.md lists them.'
        )
