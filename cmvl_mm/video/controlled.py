"""The controlled benchmark's videos: 8 contexts x 8 motions, independent of each other, known exactly.

A context is a textured background; a motion is the programme that a flock of three equal bright discs
follows.  Neither tells anything about the other, so that what a network learnt of each can be measured apart.
The discs are neutral and
alike: where they differed in looks, networks matched discs instead of contexts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video import patterns

CONTEXTS = ('stripes', 'checker', 'dots', 'blobs', 'bricks', 'rings', 'clouds', 'grid')
MOTIONS = ('right', 'left', 'cw', 'ccw', 'osc_x', 'osc_y', 'stopgo', 'zoom')

HEIGHT, WIDTH, NUM_FRAMES = 112, 128, 108  # px, px, frames
_DISCS = 3
_DIAMETER = 36  # px
_MARGIN = 24  # px outside the frame, more than a disc's radius: discs leave and enter unseen
_PAN_SHARE = 0.15  # of the videos pan gently


@dataclass(frozen=True)
class ControlledTruth:
    """What truly moves in a controlled video.  T frames; +x right, +y down; frame 0 has displacement 0."""

    context: str
    motion: str
    centres: npt.NDArray[np.float32]
    """(T, 3, 2): (x, y) of each disc's centre in pixels; may lie outside the frame."""
    diameters: npt.NDArray[np.float32]
    """(T,): of all discs, px."""
    displacement: npt.NDArray[np.float32]
    """(T, 3, 2): how far each disc moved since the frame before, px.  A disc's jump from one side of the
    frame to the other, made out of sight, does not count."""
    background: npt.NDArray[np.float32]
    """(T, 2): how far the background moved since the frame before, px."""


def make_controlled_video(
    seed: int | Sequence[int], context: str, motion: str
) -> tuple[npt.NDArray[np.uint8], ControlledTruth]:
    """One video of the benchmark, a pure function of its arguments.

    Args:
        seed: of everything that is free: colours, scales, places, phases, speed.
        context: one of `CONTEXTS`.
        motion: one of `MOTIONS`.

    Returns:
        uint8 (108, 112, 128, 3) RGB, and the truth.
    """
    if context not in CONTEXTS or motion not in MOTIONS:
        raise ValueError(f'no such cell: {context!r} x {motion!r}; contexts are {CONTEXTS}, motions are {MOTIONS}')
    rng = np.random.default_rng(seed)
    offsets = _background_offsets(rng)
    background = patterns.draw_context(context, HEIGHT, WIDTH, _PAN_AMPLITUDES[1], rng)
    paths, scales = _programme(motion, rng)
    disc = patterns.Disc(rng)
    frames = np.empty((NUM_FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    for t in range(NUM_FRAMES):
        frame = background.at(offsets[t])
        for centre in _wrapped(paths[t], motion):
            disc.paint(frame, centre, _DIAMETER * scales[t])
        np.clip(frame, 0, 255, out=frame)
        frames[t] = frame
    truth = ControlledTruth(
        context=context,
        motion=motion,
        centres=_wrapped(paths, motion).astype(np.float32),
        diameters=(_DIAMETER * scales).astype(np.float32),
        displacement=_per_frame(paths),
        background=_per_frame(-offsets),
    )
    return frames, truth


_PAN_AMPLITUDES = (4, 12)  # px
_PAN_PERIODS = (90, 200)  # frames: at most about half a pixel per frame


def _background_offsets(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(T, 2): where in the background the frame's corner lies, px."""
    if rng.uniform() >= _PAN_SHARE:
        return np.zeros((NUM_FRAMES, 2))
    amplitude = rng.uniform(*_PAN_AMPLITUDES)
    direction, phase = rng.uniform(0, 2 * np.pi, 2)
    swing = amplitude * np.sin(2 * np.pi / rng.uniform(*_PAN_PERIODS) * np.arange(NUM_FRAMES) + phase)
    return np.outer(swing, (np.cos(direction), np.sin(direction)))


def _programme(motion: str, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Disc centres (T, 3, 2) in px, not yet wrapped round the frame, and the scale of the discs (T,).

    Speed and phase are the flock's; every disc has a home of its own, in a quarter of the frame of its own.
    """
    t = np.arange(NUM_FRAMES)
    quarter = rng.permutation(4)[:_DISCS]
    home = np.stack(
        [
            (quarter // 2) * WIDTH / 2 + rng.uniform(14, WIDTH / 2 - 14, _DISCS),
            (quarter % 2) * HEIGHT / 2 + rng.uniform(12, HEIGHT / 2 - 12, _DISCS),
        ],
        axis=-1,
    )
    speed = rng.uniform(2.0, 3.4)  # px per frame
    phase = rng.uniform(0, 2 * np.pi)
    path = np.zeros((NUM_FRAMES, 2))
    scale = np.ones(NUM_FRAMES)
    if motion in ('right', 'left'):
        path[:, 0] = speed * t if motion == 'right' else -speed * t
        home[:, 0] = rng.uniform(0, WIDTH, _DISCS)
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
        home[:, 1] = rng.uniform(0, HEIGHT, _DISCS)
    else:
        scale = 1.05 + 0.5 * np.sin(2 * np.pi / rng.uniform(26, 40) * t + phase)
    return home + path[:, None], scale


def _wrapped(centres: npt.NDArray[np.float64], motion: str) -> npt.NDArray[np.float64]:
    """Discs that cross the frame come back on the other side."""
    if motion not in ('right', 'left', 'stopgo'):
        return centres
    size = np.array([WIDTH, HEIGHT]) + 2 * _MARGIN
    return (centres + _MARGIN) % size - _MARGIN


def _per_frame(positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """(T, ..., 2) px -> (T, ..., 2) px per frame, 0 first."""
    return np.diff(positions, axis=0, prepend=positions[:1]).astype(np.float32)
