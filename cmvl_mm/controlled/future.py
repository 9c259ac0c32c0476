"""The controlled benchmark's level 'future': the pictures show the future motion, the vectors so far do not.

Discs move right, left, up or down, and turn by 90 degrees at frame `TURN`, clockwise or counter-clockwise.  Until then
the two members of a pair, such as right-cw and right-ccw, move in the same way.  Only a dark spot, on the side to which
each disc will turn, distinguishes them: a clip shows it, its motion vectors do not.  So a network that predicts the
clip's own motion gains nothing from the spot; a network that predicts the motion after the clip needs it.  Neither
discs nor spots rotate, and the members of a pair are mirror images of each other.

Clips for this level: 16 frames of stride 2, a gap of 2, and 8 frames of future, 41 frames in total.  They begin at
frame 0 to 3 and end before the turn; at least seven of the eight vectors of the future are after it.

The positions of the discs at the turn have the same distribution for all classes: all discs are visible then.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled import patterns
from cmvl_mm.controlled.basic import CONTEXTS, DIAMETER, DISCS, MARGIN
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

DIRECTIONS = {'right': (1, 0), 'left': (-1, 0), 'up': (0, -1), 'down': (0, 1)}
TURNS = ('cw', 'ccw')
MOTIONS = tuple(f'{direction}-{turn}' for direction in DIRECTIONS for turn in TURNS)

NUM_FRAMES = 44
TURN = 34
"""The first frame that discs reach in their new direction."""


def make_future_video(
    seed: int | Sequence[int], context: str, motion: str
) -> tuple[npt.NDArray[np.uint8], ControlledTruth]:
    """One video of the level, a pure function of its arguments.

    Args:
        seed: seed of all random parameters.  The members of a pair, made with one seed, differ before frame `TURN`
            only in the side of the spot.
        context: one of `CONTEXTS` of the level 'basic'.
        motion: one of `MOTIONS`.

    Returns:
        Frames, uint8 (44, 112, 128, 3) RGB, and the truth.
    """
    check_cell(context, motion, CONTEXTS, MOTIONS)
    behind, before = np.random.default_rng(seed).spawn(2)  # families differ in draws: discs must not depend on it
    offsets = gentle_pan(behind, NUM_FRAMES)
    background = patterns.draw_context(context, HEIGHT, WIDTH, PAN_AMPLITUDES[1], behind)
    direction, turn = motion.split('-')
    x, y = DIRECTIONS[direction]
    towards = (-y, x) if turn == 'cw' else (y, -x)  # y points down
    disc = draw_disc(before, spot=towards)
    steps = np.arange(NUM_FRAMES)[:, None] - (TURN - 1)  # from the last frame before the turn
    path = before.uniform(2.0, 3.4) * (np.minimum(steps, 0) * (x, y) + np.maximum(steps, 0) * towards)
    paths = _places(before) + path[:, None]
    centres = wrapped(paths, MARGIN)
    diameters = np.full(centres.shape[:2], float(DIAMETER))
    still = np.ones(NUM_FRAMES)
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
    return paint(background, offsets, still, [disc] * DISCS, centres, diameters), truth


def _places(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(3, 2) px: each disc is completely in its own quarter of the frame, so that no disc covers another's spot."""
    quarter = rng.permutation(4)[:DISCS]
    radius = DIAMETER / 2
    return np.stack(
        [
            (quarter // 2) * WIDTH / 2 + rng.uniform(radius, WIDTH / 2 - radius, DISCS),
            (quarter % 2) * HEIGHT / 2 + rng.uniform(radius, HEIGHT / 2 - radius, DISCS),
        ],
        axis=-1,
    )
