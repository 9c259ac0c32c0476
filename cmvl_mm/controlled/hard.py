"""The controlled benchmark's level 'hard': 12 contexts x 12 motions, with the difficulties that 'basic' omits.

The difficulties:

* The camera pans in every video, 1 to 2 px per frame at its fastest on either axis, and zooms.  Its motion adds to that
  of the objects: no background is still, and a single vector does not tell what moves.
* Three to five objects of random shape and size have textures of any context's family in their own colours.  They give
  no hint at the context, but a shortcut for matching a clip to its I-frame: networks that match objects learn little
  about the context.  In an earlier version of 'basic' this halved what was learnt about it; here it is intended.
* Objects follow one programme, each in its own phase, and occlude each other.
* The classes are similar: three kinds of crossing lines, four motions to the right, three around a centre.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled import basic, patterns
from cmvl_mm.controlled.scene import HEIGHT, WIDTH, Floats, check_cell, paint, per_frame, wrapped
from cmvl_mm.controlled.sprites import draw_object
from cmvl_mm.controlled.truth import ControlledTruth

CONTEXTS = (*basic.CONTEXTS, 'zigzag', 'plaid', 'cells', 'bubbles')
MOTIONS = (
    'right', 'left', 'falling', 'rising', 'surge', 'stopgo', 'cw', 'ccw', 'spiral', 'eight', 'bounce', 'swap',
)  # fmt: skip

NUM_FRAMES = 108
_DIAMETERS = (28, 46)  # px
_LARGEST_ZOOM = 1.25
_MARGIN = 26  # px outside the frame, more than a radius: objects leave and enter unseen
_PAN_AMPLITUDES = (14, 26)  # px, on either axis
_PAN_SPEEDS = (1.0, 2.0)  # px per frame at its fastest, on either axis
_GRAIN = (12, 16)  # more than in 'basic': the encoder's search must match the whole background


def make_hard_video(
    seed: int | Sequence[int], context: str, motion: str
) -> tuple[npt.NDArray[np.uint8], ControlledTruth]:
    """One video of the level, a pure function of its arguments.

    Args:
        seed: seed of all random parameters.
        context: one of `CONTEXTS`.
        motion: one of `MOTIONS`.

    Returns:
        Frames, uint8 (108, 112, 128, 3) RGB, and the truth.
    """
    check_cell(context, motion, CONTEXTS, MOTIONS)
    behind, rng = np.random.default_rng(seed).spawn(2)  # families differ in draws: nothing else may depend on it
    pan, zoom = _camera(rng)
    background = patterns.draw_context(context, HEIGHT, WIDTH, _PAN_AMPLITUDES[1], behind, _GRAIN)
    count = int(rng.integers(3, 6))
    objects = [
        draw_object(rng, CONTEXTS[rng.integers(len(CONTEXTS))], ('disc', 'square')[rng.integers(2)])
        for _ in range(count)
    ]
    sizes = rng.uniform(*_DIAMETERS, count)
    paths = _programmes(motion, count, rng) + pan[:, None]  # positions without zoom, before wrapping
    centres, displacement = _on_screen(paths, zoom)
    diameters = sizes * zoom[:, None]
    truth = ControlledTruth(
        context=context,
        motion=motion,
        size=(HEIGHT, WIDTH),
        centres=centres.astype(np.float32),
        diameters=diameters.astype(np.float32),
        displacement=displacement.astype(np.float32),
        background=(_before(zoom)[:, None] * per_frame(pan)).astype(np.float32),
        zoom=(zoom / _before(zoom)).astype(np.float32),
    )
    return paint(background, -pan, zoom, objects, centres, diameters), truth


def _camera(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(T, 2): displacement of the scene by the pan, px; (T,): zoom factor, 1 to 1.25."""
    t = np.arange(NUM_FRAMES)[:, None]
    amplitude = rng.uniform(*_PAN_AMPLITUDES, 2)
    pan = amplitude * np.sin(rng.uniform(*_PAN_SPEEDS, 2) / amplitude * t + rng.uniform(0, 2 * np.pi, 2))
    depth = rng.uniform(0, _LARGEST_ZOOM - 1)
    swing = np.sin(2 * np.pi / rng.uniform(90, 180) * t[:, 0] + rng.uniform(0, 2 * np.pi))
    return pan, 1 + depth * (1 + swing) / 2


def _before(values: Floats) -> Floats:
    return np.concatenate([values[:1], values[:-1]])


def _on_screen(paths: Floats, zoom: Floats) -> tuple[Floats, Floats]:
    """Centres (T, n, 2) after wrapping around the frame and zooming about its middle, and displacements since the
    previous frame; px."""
    middle = (np.array([WIDTH, HEIGHT]) - 1) / 2
    arms = wrapped(paths, _MARGIN) - middle
    arms_before = arms - np.diff(paths, axis=0, prepend=paths[:1])  # on this side of a jump
    centres = middle + zoom[:, None, None] * arms
    return centres, centres - middle - _before(zoom)[:, None, None] * arms_before


def _programmes(motion: str, count: int, rng: np.random.Generator) -> Floats:
    """(T, n, 2) px: one programme at one speed for all objects; home and phase are random for each."""
    home = rng.uniform(0, (WIDTH, HEIGHT), (count, 2))
    speed = rng.uniform(2.0, 3.4)  # px per frame
    phases = rng.uniform(0, 1, count)
    size = rng.uniform(0, 1)
    t = np.arange(NUM_FRAMES)
    return home + np.stack([_path(motion, t, speed, phase, size) for phase in phases], axis=1)


def _path(motion: str, t: npt.NDArray[np.integer], speed: float, phase: float, size: float) -> Floats:
    """(T, 2) px relative to home.  ``phase`` is in turns, ``size`` from 0 (small figure) to 1 (large figure)."""
    if motion in ('right', 'left', 'falling', 'rising'):
        x, y = {'right': (1, 0), 'left': (-1, 0), 'falling': (0.7, 0.7), 'rising': (0.7, -0.7)}[motion]
        return np.stack([x * speed * t, y * speed * t], axis=-1)
    period = 24 + 12 * size  # frames
    turns = t / period + phase
    if motion == 'surge':  # to the right, alternately slow and fast
        return np.stack([speed * (t - 0.8 * period / (2 * np.pi) * np.cos(2 * np.pi * turns)), 0 * t], axis=-1)
    if motion == 'stopgo':  # down, with stops
        return np.stack([0 * t, 1.6 * speed * np.cumsum(turns % 1 < 0.5)], axis=-1)
    if motion == 'bounce':  # like a ball, fastest at the floor
        height = speed * period / 4
        return np.stack([0 * t, -4 * height * (turns % 1) * (1 - turns % 1)], axis=-1)
    if motion == 'swap':  # along x and back, then along y and back
        swing = speed * period / (2 * np.pi) * np.sin(2 * np.pi * turns)
        along_x = turns % 2 < 1
        return np.stack([swing * along_x, swing * ~along_x], axis=-1)
    radius = 13 + 9 * size
    if motion == 'eight':
        angle = speed / radius * t + 2 * np.pi * phase
        return np.stack([1.3 * radius * np.sin(angle), 0.65 * radius * np.sin(2 * angle)], axis=-1)
    angle = (-1 if motion == 'ccw' else 1) * (speed / radius * t + 2 * np.pi * phase)
    reach = radius * (1 + 0.7 * np.sin(2 * np.pi * turns / 2)) if motion == 'spiral' else np.full(len(t), radius)
    return reach[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
