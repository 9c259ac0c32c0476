"""The controlled benchmark's level 'basic': 8 contexts x 8 motions, independent of each other, known exactly.

A context is a textured background; a motion is the programme that a group of three equal bright discs
follows.  The two are independent, so that what a network has learnt about each can be measured separately.
The discs are neutral and
alike: with different appearances, networks matched discs instead of contexts.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled import patterns
from cmvl_mm.controlled.scene import (
    HEIGHT,
    PAN_AMPLITUDES,
    WIDTH,
    check_cell,
    gentle_pan,
    paint,
    per_frame,
    wrapped,
)  # fmt: skip
from cmvl_mm.controlled.sprites import draw_disc
from cmvl_mm.controlled.truth import ControlledTruth

CONTEXTS = ('stripes', 'checker', 'dots', 'blobs', 'bricks', 'rings', 'clouds', 'grid')
MOTIONS = ('right', 'left', 'cw', 'ccw', 'osc_x', 'osc_y', 'stopgo', 'zoom')

NUM_FRAMES = 108
DISCS = 3
DIAMETER = 36  # px
MARGIN = 24  # px outside the frame, more than a disc's radius: discs leave and enter unseen


def make_controlled_video(
    seed: int | Sequence[int], context: str, motion: str
) -> tuple[npt.NDArray[np.uint8], ControlledTruth]:
    """One video of the benchmark, a pure function of its arguments.

    Args:
        seed: seed of all random parameters: colours, scales, places, phases, speed.
        context: one of `CONTEXTS`.
        motion: one of `MOTIONS`.

    Returns:
        Frames, uint8 (108, 112, 128, 3) RGB, and the truth.
    """
    check_cell(context, motion, CONTEXTS, MOTIONS)
    rng = np.random.default_rng(seed)
    offsets = gentle_pan(rng, NUM_FRAMES)
    background = patterns.draw_context(context, HEIGHT, WIDTH, PAN_AMPLITUDES[1], rng)
    paths, scales = _programme(motion, rng)
    centres = wrapped(paths, MARGIN) if motion in ('right', 'left', 'stopgo') else paths
    diameters = np.repeat(DIAMETER * scales[:, None], DISCS, axis=1)
    still = np.ones(NUM_FRAMES)
    frames = paint(background, offsets, still, [draw_disc(rng)] * DISCS, centres, diameters)
    truth = ControlledTruth(
        context=context,
        motion=motion,
        size=(HEIGHT, WIDTH),
        centres=centres.astype(np.float32),
        diameters=diameters.astype(np.float32),
        displacement=per_frame(paths),
        background=per_frame(-offsets),
        zoom=still.astype(np.float32),
    )
    return frames, truth


def _programme(motion: str, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Disc centres (T, 3, 2) in px, before wrapping around the frame, and the scale of the discs (T,).

    Speed and phase are common to the group; every disc has its own home position in its own quarter of the frame.
    """
    t = np.arange(NUM_FRAMES)
    quarter = rng.permutation(4)[:DISCS]
    home = np.stack(
        [
            (quarter // 2) * WIDTH / 2 + rng.uniform(14, WIDTH / 2 - 14, DISCS),
            (quarter % 2) * HEIGHT / 2 + rng.uniform(12, HEIGHT / 2 - 12, DISCS),
        ],
        axis=-1,
    )
    speed = rng.uniform(2.0, 3.4)  # px per frame
    phase = rng.uniform(0, 2 * np.pi)
    path = np.zeros((NUM_FRAMES, 2))
    scale = np.ones(NUM_FRAMES)
    if motion in ('right', 'left'):
        path[:, 0] = speed * t if motion == 'right' else -speed * t
        home[:, 0] = rng.uniform(0, WIDTH, DISCS)
    elif motion in ('cw', 'ccw'):
        radius = rng.uniform(13, 22)
        sign = 1 if motion == 'cw' else -1  # y points down: a growing angle is clockwise
        angle = sign * speed / radius * t + phase
        path = radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    elif motion in ('osc_x', 'osc_y'):
        amplitude = rng.uniform(14, 24)
        path[:, 0 if motion == 'osc_x' else 1] = amplitude * np.sin(1.3 * speed / amplitude * t + phase)
    elif motion == 'stopgo':
        period = int(rng.integers(16, 25))
        going = (t + rng.integers(period)) % period < period // 2
        path[:, 1] = np.cumsum(1.6 * speed * going)
        home[:, 1] = rng.uniform(0, HEIGHT, DISCS)
    else:
        scale = 1.05 + 0.5 * np.sin(2 * np.pi / rng.uniform(26, 40) * t + phase)
    return home + path[:, None], scale
