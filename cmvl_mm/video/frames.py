"""The result of a read: pictures and motion vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of a video, as `CompressedVideo.read` returns them.

    It unpacks like a pair: ``rgb, motion = video.read(...)``.
    """

    rgb: npt.NDArray[np.uint8]
    """(n, H, W, 3) RGB in the order of the request; n is 0 if no pictures were requested."""
    motion: MotionField
    """Vectors of the frames requested as ``motion``, in that order; they need not be the frames of ``rgb``."""
    future: MotionField | None = None
    """Vectors to the future of the same frames as ``motion``; None if they were not requested."""

    def __iter__(self) -> Iterator[Any]:
        yield self.rgb
        yield self.motion

    @overload
    def __getitem__(self, place: Literal[0]) -> npt.NDArray[np.uint8]: ...

    @overload
    def __getitem__(self, place: Literal[1]) -> MotionField: ...

    def __getitem__(self, place: int) -> npt.NDArray[np.uint8] | MotionField:
        return (self.rgb, self.motion)[place]

    def __len__(self) -> int:
        """2, as for any pair; the number of frames is ``len(frames.rgb)``."""
        return 2

    def __repr__(self) -> str:
        return f'Frames(rgb={self.rgb.shape}, vectors={self.motion.vectors.shape})'
