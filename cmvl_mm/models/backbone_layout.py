"""What a backbone takes and returns, where its output alone cannot say: found when the model is built, or stated."""

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
"""MMAction2's backbones that are fed something else than pictures."""


class Layout(NamedTuple):
    """How clips go in and maps come out.

    Attributes:
        input: 'clips' (N, 3, T, H, W), or 'frames' (N * T, 3, H, W), which 2D backbones take.
        several: a tuple of maps is of successive 'stages', or of SlowFast's two 'pathways', slow and fast; None goes by
            their shapes.
        grid: (T, H, W) of tokens (N, L, C), in this order; one class token may come before them. None refuses tokens.
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
    """What the config states, and for MMAction2's backbones what is known of them.

    Args:
        backbone: the network.
        input: None is 'frames' for MMAction2's 2D backbones and 'clips' for all others.
        several: None is 'pathways' for a network with `slow_path` and `fast_path`.
        grid: see `Layout`.

    Raises:
        ValueError: a setting has an unknown value, or the backbone does not take clips alone.
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
    """Whether it is one of MMAction2's 2D backbones. C2D is derived from one, and takes clips."""
    from mmaction.models import backbones  # takes seconds, and its registry has imported it by now

    names = ('ResNet', 'MobileNetV2', 'MobileOneTSM')  # the last is there only beside mmpretrain
    two_d = tuple(getattr(backbones, name) for name in names if hasattr(backbones, name))
    return isinstance(backbone, two_d) and not isinstance(backbone, backbones.C2D)


def _require_clips_alone(backbone: nn.Module) -> None:
    name = type(backbone).__name__
    if name in NOT_FOR_CLIPS and type(backbone).__module__.startswith('mmaction.'):
        raise ValueError(
            f'model.backbone={name} takes {NOT_FOR_CLIPS[name]}, not clips of pictures. '
            'Remedy: a backbone for RGB clips; docs/backbones.md lists them.'
        )
    needed = [
        parameter.name
        for parameter in inspect.signature(backbone.forward).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    if len(needed) > 1:
        raise ValueError(
            f'model.backbone={name} needs {", ".join(needed[1:])} besides the clips, and gets clips alone. '
            'Remedy: a backbone for RGB clips; docs/backbones.md lists them.'
        )
