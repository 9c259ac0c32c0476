"""Convert the output of a backbone to the maps (N, C, T, H, W) or vectors (N, C) that the heads read.

| returned | read as |
|---|---|
| a map (N, C, T, H, W) | the map of the last stage |
| a tuple of maps, none larger than the one before | the maps of successive stages |
| SlowFast's maps (N, C, T, H, W), (N, c, kT, H, W) | one map, of both pathways: see `join_pathways` |
| maps with their class tokens (MViT) | the maps, without the class tokens |
| maps of frames (N * T, C, H, W), of a 2D backbone | (N, C, T, H, W) |
| one vector per clip (N, C) | the vectors, for classification and retrieval; there are no positions |
| tokens (N, L, C) | a map on the grid that the config states |
| anything else | ValueError |
"""

from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

import torch
from torch import Tensor, nn

from cmvl_mm.models.backbone_layout import Layout

CLIPS = Layout(input='clips', several=None, grid=None)


class Features(NamedTuple):
    """The features of N clips.

    Attributes:
        maps: (N, C, T, H, W) of the network's stages in order; empty if the network returns vectors.
        vectors: (N, C), or None if the network returns maps.
        returned: the unchanged output of the network.
        source: the network, for messages: 'model.backbone (C3D)'.
    """

    maps: tuple[Tensor, ...]
    vectors: Tensor | None
    returned: Any
    source: str

    def last_map(self, reader: str, *, instead: str) -> Tensor:
        """The map (N, C, T, H, W) of the last stage, for a head that needs positions.

        Args:
            reader: the head that needs the map, for the message.
            instead: the setting that works without a map, for the remedy.

        Raises:
            ValueError: the network returned vectors only.
        """
        if not self.maps:
            maps = 'use a network that returns maps, such as VideoResNet'
            if _of_backbone(self.source):
                maps = (
                    'use a backbone that returns maps (VisionTransformer does with return_feat_map=True, '
                    'use_mean_pooling=False)'
                )
            raise ValueError(
                f'{reader} needs a map (N, C, T, H, W), but {self.source} returned one vector per clip, '
                f'{shapes(self.returned)}. Remedy: {maps}; or use {instead}.'
            )
        return self.maps[-1]

    def pooled(self) -> Tensor:
        """(N, C): the average of the last map over all positions, or the vectors."""
        return self.maps[-1].mean((2, 3, 4)) if self.vectors is None else self.vectors

    def pooled_or_map(self) -> Tensor:
        """(N, C, T, H, W) for a head that averages over all positions; vectors become maps with one position."""
        return self.maps[-1] if self.vectors is None else self.vectors[:, :, None, None, None]


def extract(network: nn.Module, clips: Tensor, layout: Layout, place: str) -> Features:
    """Run a network on clips and read its output.

    Args:
        network: the backbone or a target network.
        clips: (N, 3, T, H, W), or the input of the target network.
        layout: the layout of its input and output.
        place: the network's place in the config, for messages.

    Raises:
        ValueError: the network cannot take such clips, or its output cannot be read safely.
    """
    source = f'{place} ({type(network).__name__})'
    if layout.input == 'clips':
        return read(network(clips), clips.shape[0], layout, source)
    segments = getattr(network, 'num_segments', clips.shape[2])
    if segments != clips.shape[2]:  # otherwise features would shift between videos
        raise ValueError(
            f'{source} has num_segments={segments}, but the clips have {clips.shape[2]} frames. '
            f'Remedy: set {place}.num_segments={clips.shape[2]}, or use clips of {segments} frames.'
        )
    return read(network(clips.transpose(1, 2).flatten(0, 1)), clips.shape[0], layout, source)


def read(returned: Any, clips: int, layout: Layout, source: str) -> Features:
    """Read what a network returned for a number of clips; see the table above.

    Raises:
        ValueError: the output cannot be read safely. The message names network, shapes and remedy.
    """
    several = returned if isinstance(returned, (tuple, list)) else (returned,)
    if len(several) > 1 and any(getattr(part, 'ndim', None) == 2 for part in several):
        _refuse(
            returned, source, 'with a vector among several outputs. Remedy: return one vector per clip, or maps only.'
        )
    parts = tuple(_one_of(part, clips, layout, returned, source) for part in several)
    if not parts or any(part.ndim != parts[0].ndim for part in parts):
        _refuse(
            returned,
            source,
            'in a form that cannot be read. Remedy: use a backbone that returns one map per stage, or one vector.',
        )
    if not torch.jit.is_tracing() and any(part.shape[0] != clips for part in parts):
        _refuse(
            returned,
            source,
            f'for {clips} clips. Remedy: use clips with the number of frames for which the backbone was built.',
        )
    if parts[0].ndim == 2:
        return Features((), parts[-1], returned, source)
    if layout.several == 'pathways' or (len(parts) > 1 and layout.several is None and not _shrinking(parts)):
        if len(parts) != 2:
            _refuse(
                returned,
                source,
                'as pathways. Remedy: return two pathways, or maps of stages, none larger than before.',
            )
        return Features((join_pathways(*parts, source=source),), None, returned, source)
    return Features(parts, None, returned, source)


def join_pathways(slow: Tensor, fast: Tensor, source: str) -> Tensor:
    """Join the fast pathway, averaged over the frames of each slow frame, and the slow pathway on the channel axis.

    The fast pathway comes first, as in MMAction2's SlowFastHead: its classifier fits the average of this map.

    Args:
        slow: (N, C, T, H, W).
        fast: (N, c, kT, H, W) of the same stage.
        source: the network, for messages.

    Returns:
        (N, c + C, T, H, W).

    Raises:
        ValueError: the shapes do not form such a pair.
    """
    frames = slow.shape[2]
    if fast.shape[3:] != slow.shape[3:] or fast.shape[2] % frames:
        _refuse(
            (slow, fast),
            source,
            'for its slow and its fast pathway; both need the same height and width, and each slow frame needs a whole '
            'number of fast frames. Remedy: '
            + (
                "use clips of a multiple of the backbone's resample_rate; for maps of successive stages, set "
                "model.backbone_layout=dict(several='stages')."
                if _of_backbone(source)
                else 'return maps of successive stages, none larger than before.'
            ),
        )
    return torch.cat([fast.unflatten(2, (frames, -1)).mean(3), slow], dim=1)


def _one_of(part: Any, clips: int, layout: Layout, returned: Any, source: str) -> Tensor:
    """One returned tensor -> (N, C, T, H, W) or (N, C)."""
    if isinstance(part, (tuple, list)) and len(part) == 2 and _is_map_and_class_token(*part):
        part = part[0]
    if not isinstance(part, Tensor):
        _refuse(returned, source, 'in a form that cannot be read. Remedy: use a backbone that returns tensors.')
    if part.ndim == 3:
        part = _on_grid(part, layout, returned, source)
    if layout.input == 'frames':
        return _unfold(part, clips, returned, source)
    if part.ndim not in (2, 5):
        _refuse(
            returned,
            source,
            'for clips, which is neither maps (N, C, T, H, W) nor vectors (N, C). Remedy: '
            + (
                "for a 2D backbone, set model.backbone_layout=dict(input='frames')."
                if _of_backbone(source)
                else "use a network that takes clips, such as VideoResNet, which has convolution='2d'."
            ),
        )
    return part


def _is_map_and_class_token(first: Any, second: Any) -> bool:
    return isinstance(first, Tensor) and first.ndim == 5 and (second is None or getattr(second, 'ndim', None) == 2)


def _on_grid(tokens: Tensor, layout: Layout, returned: Any, source: str) -> Tensor:
    """Tokens (N, L, C) -> map (N, C, T, H, W)."""
    count = tokens.shape[1]
    if layout.grid is None:
        _refuse(
            returned,
            source,
            f'for clips: {count} tokens; their places, and whether one is a class token, are unknown. '
            + 'Remedy: '
            + ('set model.backbone_layout=dict(grid=(T, H, W)), or ' if _of_backbone(source) else '')
            + 'use a network that returns maps.',
        )
    t, h, w = layout.grid
    if count not in (t * h * w, t * h * w + 1):
        _refuse(
            returned,
            source,
            f'but model.backbone_layout has grid={layout.grid}, which has {t * h * w} places; one class token may '
            'come before them. Remedy: set the grid of these tokens.',
        )
    return tokens[:, count - t * h * w :].transpose(1, 2).unflatten(2, layout.grid)


def _unfold(part: Tensor, clips: int, returned: Any, source: str) -> Tensor:
    """Maps (N * T, C, H, W) or vectors (N * T, C) of frames -> (N, C, T, H, W); a vector is a map with one position."""
    if part.ndim == 5 and part.shape[2] == 1:  # tokens on a grid
        part = part.squeeze(2)
    if part.ndim == 2:
        part = part[:, :, None, None]
    if part.ndim != 4 or part.shape[0] % clips:
        _refuse(
            returned,
            source,
            f'for the frames of {clips} clips, which is neither maps (N * T, C, H, W) nor vectors (N * T, C). Remedy: '
            "for a backbone that takes whole clips, set model.backbone_layout=dict(input='clips').",
        )
    return part.unflatten(0, (clips, -1)).transpose(1, 2)


def _shrinking(maps: tuple[Tensor, ...]) -> bool:
    """Whether no map is longer, higher or wider than the one before, as maps of successive stages are."""
    return all(late <= early for a, b in pairwise(maps) for early, late in zip(a.shape[2:], b.shape[2:], strict=True))


def _of_backbone(source: str) -> bool:
    """Whether `model.backbone_layout` describes this network; the heads' target networks take clips and give maps."""
    return source.startswith('model.backbone')


def shapes(returned: Any) -> str:
    """The shapes for a message: '(2, 64, 8, 7, 7)', '[(…), (…)]', or the type of an object that is no tensor."""
    if isinstance(returned, Tensor):
        return str(tuple(returned.shape))
    if isinstance(returned, (tuple, list)):
        return f'[{", ".join(map(shapes, returned))}]'
    return type(returned).__name__


def _refuse(returned: Any, source: str, remark: str) -> NoReturn:
    raise ValueError(f'{source} returned {shapes(returned)} {remark}')
