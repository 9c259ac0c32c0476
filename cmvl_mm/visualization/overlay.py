"""Draw one sample as a picture: clip, I-frame, and the motion windows as arrows over their own frames."""

from typing import Any

import matplotlib
import numpy as np
from torch import Tensor

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .traced import TracedSample, Window, pictures_of

TILES = 8  # tiles per row; the I-frame is one more
SAMPLE_DPI = 100  # makes a tile about 150 px wide
SAYS = (
    'What the networks get of one training video: the clip and its I-frame after crop, mirroring and recolouring, and '
    'the motion vectors that follow the clip (the positive) and of other places of the video (hard negatives). Arrows '
    'lie over their own frames, dimmed; their unit is pixels of the video per frame.'
)
_TILE = 1.6  # inches
_TEXT = 0.55
_FASTEST = 4.0  # px per frame; an arrow of this speed reaches the next arrow


def draw_sample(sample: TracedSample, inputs: dict[str, Tensor], maps: Tensor | None) -> Figure:
    """Draw the networks' inputs of one pretraining or finetuning sample.

    Args:
        sample: the sample with its origin.
        inputs: its inputs after colour augmentation: `imgs` (3, T, H, W) uint8, optionally `iframe` (3, H, W) uint8.
        maps: (K, 2, M, size, size) px per frame after crop, flip and resize, or None without motion.

    Returns:
        A figure: up to 8 frames of the clip and the I-frame in the first row, then a row of arrows per motion window.
        Every tile has its frame number. Save it with `SAMPLE_DPI`, for tiles of at least 112 px.
    """
    pictures = pictures_of(inputs)
    windows = sample.windows if maps is not None else ()
    figure = plt.figure(
        figsize=((TILES + 1) * _TILE, (1 + len(windows)) * (_TILE + _TEXT) + _TEXT), layout='constrained'
    )
    rows = figure.subfigures(1 + len(windows), 1, squeeze=False)[:, 0]
    _draw_clip(rows[0], sample, pictures)
    for row, window, fields, k in zip(rows[1:], windows, [] if maps is None else maps.numpy(), range(99), strict=False):
        name = 'motion that follows the clip (positive)' if k == 0 else f'hard negative {k}'
        _head(row, f'{name}, over its own frames{_mirrored(window.mirrored)}; arrows in px per frame')
        _draw_window(row.subplots(1, TILES + 1), window, fields.transpose(1, 0, 2, 3))
    label = '' if sample.label is None else f'   label {sample.label}'
    figure.suptitle(f'{sample.path}{label}'.replace('$', r'\$'))
    return figure


def _draw_clip(row: Any, sample: TracedSample, pictures: dict[str, np.ndarray]) -> None:
    axes = _bare(row.subplots(1, TILES + 1))
    size = f'{pictures["imgs"].shape[1]} px'
    iframe = '' if 'iframe' not in pictures else f'; right: the I-frame{_mirrored(sample.iframe_mirrored)}'
    _head(row, f'clip, {size}, after augmentation (crop, colours){_mirrored(sample.clip_mirrored)}{iframe}')
    for ax, place in zip(axes, _spread(len(sample.clip)), strict=False):
        ax.imshow(pictures['imgs'][place])
        ax.set_title(f'frame {sample.clip[place]}', fontsize='small')
    if 'iframe' in pictures:
        axes[TILES].imshow(pictures['iframe'])
        axes[TILES].set_title(f'I-frame: frame {sample.iframe}', fontsize='small')


def _draw_window(axes: Any, window: Window, fields: np.ndarray) -> None:
    axes = _bare(axes)
    for ax, place in zip(axes, _spread(len(window.numbers)), strict=False):
        draw_arrows(ax, fields[place], window.frames[place])
        ax.set_title(f'frame {window.numbers[place]}', fontsize='small')
    _draw_legend(axes[TILES], fields.shape[-1])


def draw_arrows(ax: Axes, field: np.ndarray, background: np.ndarray, arrows: int = 14) -> None:
    """Draw arrows of (2, H, W) px per frame over a dimmed picture of the same crop, at any size."""
    _, height, width = field.shape
    ax.imshow(0.45 * background / 255 + 0.55, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    step = max(1, width // arrows)
    y, x = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    dx, dy = field[:, y, x]
    moved = np.hypot(dx, dy) > 0.25
    _quiver(ax, x[moved], y[moved], dx[moved] * step / _FASTEST, dy[moved] * step / _FASTEST)


def _draw_legend(ax: Axes, width: int) -> None:
    """Draw arrows of known length at the scale of the row."""
    step = max(1, width // 14)
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(width - 0.5, -0.5)
    ax.set_aspect('equal')
    for number, speed in enumerate((2, 4, 8)):
        y = width * (0.3 + 0.2 * number)
        _quiver(ax, np.array([0.0]), np.array([y]), np.array([speed * step / _FASTEST]), np.zeros(1))
        ax.text(max(0.3, 8 * step / _FASTEST / width + 0.05), 1 - (y + 0.5) / width, f'{speed} px per frame',
                transform=ax.transAxes, va='center', fontsize='small')  # fmt: skip
    ax.set_title('arrow lengths', fontsize='small')


def _quiver(ax: Axes, x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray) -> None:
    ax.quiver(x, y, u, v, color='crimson', angles='xy', scale_units='xy', scale=1, width=0.012)


def _bare(axes: Any) -> Any:
    for ax in axes:
        ax.set_axis_off()
    return axes


def _head(row: Any, text: str) -> None:
    row.suptitle(text, x=0.005, ha='left', fontsize='medium', fontweight='bold')


def _mirrored(flip: bool) -> str:
    return ', mirrored' if flip else ', not mirrored'


def _spread(count: int) -> list[int]:
    return list(range(0, count, max(1, count // TILES)))[:TILES]
