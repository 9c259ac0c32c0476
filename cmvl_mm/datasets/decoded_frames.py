"""Frames decoded by other software, used in place of a video file: pixels only."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video import FrameIndexError, Frames, MotionField
from cmvl_mm.video.asked import Indices
from cmvl_mm.video.motion import grid_shape

_BLOCK = 16  # px


class DecodedFrames:
    """An array of frames with the interface of `CompressedVideo` that test stages use.

    Args:
        frames: (T, H, W, 3) uint8 RGB.

    Raises:
        ValueError: the array has another shape or type.
    """

    def __init__(self, frames: npt.NDArray[np.uint8]) -> None:
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
            raise ValueError(
                f'frames must be (T, H, W, 3) uint8 RGB, not {frames.shape} {frames.dtype}. '
                'Remedy: pass the frames of one video, each as RGB in 0 … 255.'
            )
        self.frames = frames
        self.num_frames, self.height, self.width = frames.shape[:3]

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Not available: only the video file tells which frames are key frames.

        Raises:
            ValueError: always.
        """
        raise ValueError('decoded frames do not record which are key frames. Remedy: pass the video file.')

    def read(self, *, rgb: Indices = (), motion: Indices = ()) -> Frames:
        """(len(rgb), H, W, 3) uint8, without motion.

        Raises:
            FrameIndexError: there is no such frame.
            ValueError: `motion` is not empty.
        """
        if len(motion):
            raise ValueError('decoded frames have no motion vectors. Remedy: pass the video file.')
        wanted = np.asarray(rgb, dtype=np.int64)
        beyond = wanted[(wanted < 0) | (wanted >= self.num_frames)]
        if beyond.size:
            raise FrameIndexError(
                'an array of frames', 'decode', f'it has {self.num_frames} frames, no frame {beyond[0]}'
            )
        grid = 0, *grid_shape(self.height, self.width, _BLOCK)
        nothing = MotionField(vectors=np.empty((*grid, 2), np.int16), valid=np.empty(grid, np.bool_), block=_BLOCK)
        return Frames(rgb=self.frames[wanted], motion=nothing)
