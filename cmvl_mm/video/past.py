"""Which frame the vectors to the past of each frame refer to."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.layout import read_layout
from cmvl_mm.video.stream import CompressedVideo

_ONE_REFERENCE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose B-frames refer to the I- or P-frame displayed before them, and to the one after."""


def frames_before(video: CompressedVideo) -> npt.NDArray[np.int64]:
    """(num_frames,) display index of the frame that each one's vectors refer to; -1 for what has none before it.

    Of streams without B-frames it is taken to be the frame before; H.264 and Snow may also refer to earlier ones.

    Raises:
        VideoError: stage ``motion``, where it cannot be told: of other codecs' streams with B-frames.
    """
    types = read_layout(video).types
    numbers = np.arange(len(types))
    if 'B' not in types:
        return numbers - 1
    if video.codec not in _ONE_REFERENCE:
        reason = f'it has B-frames, and which frames those of {video.codec} refer to is not told'
        raise VideoError(video.path, 'motion', reason)
    anchors = np.where(np.array([*types]) != 'B', numbers, -1)
    return np.concatenate([[-1], np.maximum.accumulate(anchors)[:-1]])
