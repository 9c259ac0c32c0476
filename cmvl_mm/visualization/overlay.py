"""One sample as a picture: clip, I-frame, and the motion windows as arrows."""

from typing import Any

import matplotlib
import numpy as np
from torch import Tensor

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def draw_sample(inputs: dict[str, Tensor], maps: Tensor | None, title: str) -> Figure:
    """Draw what the networks see of one pretraining or finetuning sample.

    Args:
        inputs: of one sample, after the whole pipeline: `imgs` (3, T, H, W) uint8, `iframe` (3, H, W) uint8 if there.
        maps: (K, 2, M, size, size) px per frame after crop, flip and resize, or None where there is no motion.
        title: printed above.

    Returns:
        A figure: the clip's frames in one row, the I-frame, then one row of arrows per motion window.
    """
    imgs = inputs['imgs'].permute(1, 2, 3, 0).numpy()  # (T, H, W, 3)
    shown = imgs[:: max(1, len(imgs) // 8)][:8]
    rows = 1 + (0 if maps is None else len(maps))
    figure, axes = plt.subplots(rows, 9, figsize=(18, 2.1 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, frame in zip(axes[0], shown, strict=False):
        ax.imshow(frame)
    axes[0, 0].set_title('clip', loc='left')
    if 'iframe' in inputs:
        axes[0, 8].imshow(inputs['iframe'].permute(1, 2, 0).numpy())
        axes[0, 8].set_title('I-frame', loc='left')
    for k, window in enumerate([] if maps is None else maps.numpy()):
        name = 'motion that follows (positive)' if k == 0 else f'hard negative {k}'
        axes[1 + k, 0].set_title(name, loc='left')
        for ax, field in zip(axes[1 + k], window.transpose(1, 0, 2, 3), strict=False):
            draw_arrows(ax, field, background=imgs[-1] if k == 0 else None)
    figure.suptitle(title)
    figure.tight_layout()
    return figure


def draw_arrows(ax: Axes, field: np.ndarray, background: np.ndarray | None = None, arrows: int = 14) -> None:
    """Arrows of (2, H, W) px per frame; the background is a picture that covers the same crop, at any size."""
    _, height, width = field.shape
    if background is not None:
        ax.imshow(background, extent=(-0.5, width - 0.5, height - 0.5, -0.5), alpha=0.5)
    else:
        ax.set_xlim(-0.5, width - 0.5)
        ax.set_ylim(height - 0.5, -0.5)
        ax.set_aspect('equal')
    step = max(1, width // arrows)
    y, x = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    dx, dy = field[:, y, x]
    moved = np.hypot(dx, dy) > 0.25
    scale = step / 4  # 4 px per frame reach the next arrow
    ax.quiver(
        x[moved],
        y[moved],
        dx[moved] * scale,
        dy[moved] * scale,
        color='crimson',
        angles='xy',
        scale_units='xy',
        scale=1,
        width=0.012,
    )


def sample_title(data_sample: Any) -> str:
    """Path and label of a packed sample, for a title."""
    label = data_sample.get('gt_label')
    return f'{data_sample.path}' + ('' if label is None else f'   label {int(label)}')
