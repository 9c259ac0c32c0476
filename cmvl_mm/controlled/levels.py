"""The levels of the controlled benchmark: their contents and kinds of label."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled import basic, future, hard
from cmvl_mm.controlled.truth import ControlledTruth


@dataclass(frozen=True)
class Level:
    """One level; its cells are all pairs of context and motion."""

    make: Callable[[Sequence[int], str, str], tuple[npt.NDArray[np.uint8], ControlledTruth]]
    """Function (seed, context, motion) -> frames, truth."""
    contexts: tuple[str, ...]
    motions: tuple[str, ...]
    version: str
    """Part of every file name: change it when the pictures change, so that old files are not kept."""
    stream: tuple[int, ...]
    """Part of every seed, so that no two levels share backgrounds."""
    file_size: int
    """Bytes of every video: textures compress differently, and the size must not reveal the texture."""
    motion_parts: tuple[str, ...] = ()
    """Kinds of label for the parts of a motion's name between hyphens."""

    def names(self, context: str, motion: str) -> dict[str, str]:
        """Kind of label -> the class of this cell."""
        parts = dict(zip(self.motion_parts, motion.split('-'), strict=True)) if self.motion_parts else {}
        return {'context': context, 'motion': motion, 'joint': f'{context}-{motion}', **parts}

    def classes(self) -> dict[str, tuple[str, ...]]:
        """Kind of label -> names by label; the joint label is context * number of motions + motion."""
        cells = [self.names(context, motion) for context in self.contexts for motion in self.motions]
        return {kind: tuple(dict.fromkeys(cell[kind] for cell in cells)) for kind in cells[0]}


LEVELS = {
    'basic': Level(
        make=basic.make_controlled_video,
        contexts=basic.CONTEXTS,
        motions=basic.MOTIONS,
        version='2',
        stream=(),
        file_size=256 * 1024,
    ),
    'future': Level(
        make=future.make_future_video,
        contexts=basic.CONTEXTS,
        motions=future.MOTIONS,
        version='future 1',
        stream=(1,),
        file_size=128 * 1024,
        motion_parts=('current', 'turn'),
    ),
    'hard': Level(
        make=hard.make_hard_video,
        contexts=hard.CONTEXTS,
        motions=hard.MOTIONS,
        version='hard 1',
        stream=(2,),
        file_size=384 * 1024,
    ),
}
