"""Helpers of the heads: build parts and losses from configs, and checks that name the config's key."""

from typing import Any

from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.gather import RowGradient
from cmvl_mm.models.losses import TEMPERATURE, InfoNCELoss, PointwiseInfoNCELoss


def build(part: dict[str, Any] | nn.Module) -> Any:
    """Build a module from its config; a module is returned unchanged."""
    return part if isinstance(part, nn.Module) else MODELS.build(part)


def contrastive_loss(
    loss: dict[str, Any] | nn.Module | None,
    default: type[InfoNCELoss] | type[PointwiseInfoNCELoss],
    temperature: float | None,
    key_gradient: RowGradient | None,
) -> Any:
    """The loss that the config names, or the paper's default loss with the head's settings.

    Raises:
        ValueError: the config names a loss and also gives loss settings to the head.
        TypeError: the loss has no `with_hits`.
    """
    if loss is None:
        return default(
            temperature=TEMPERATURE if temperature is None else temperature,
            key_gradient='exact' if key_gradient is None else key_gradient,
        )
    if temperature is not None or key_gradient is not None:
        raise ValueError(
            f'{temperature=} and {key_gradient=} belong to the default loss, but loss={loss!r} is set. '
            'Remedy: set both to None and configure them in the loss.'
        )
    chosen = build(loss)
    if not hasattr(chosen, 'with_hits'):
        raise TypeError(f'{type(chosen).__name__} must have with_hits(query, key), as {default.__name__} has')
    return chosen


def points(x: Tensor) -> Tensor:
    """(N, C, T, H, W) -> (N, T*H*W, C)."""
    return x.flatten(2).transpose(1, 2)


def own_channels(video_map: Tensor, channels: tuple[int, int] | None) -> Tensor:
    """The channels [first, end) of the map that are reserved for a task; None selects all channels.

    Raises:
        ValueError: the map has no such channels.
    """
    if channels is None:
        return video_map
    first, end = channels
    if not 0 <= first < end <= video_map.shape[1]:
        raise ValueError(f'channels={channels} do not fit a video map with {video_map.shape[1]} channels')
    return video_map[:, first:end]


def require_channels(head: str, expected: int, given: int) -> None:
    """Raise an error that names the config's key, before torch complains about two shapes.

    Raises:
        ValueError: the head was built for another number of channels than it gets.
    """
    if expected != given:
        raise ValueError(
            f'{head}.in_channels={expected}, but the network before it returns {given} channels. '
            f'Remedy: set {head}.in_channels={given}.'
        )
