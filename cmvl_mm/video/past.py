"""Which frame the vectors to the past of each frame refer to."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.layout import types_and_sizes

_ONE_REFERENCE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose B-frames refer to the I- or P-frame displayed before them, and to the one after."""


def frames_before(decoder: FrameDecoder) -> npt.NDArray[np.int64]:
    """(num_frames,) display index of the frame that each one's vectors refer to; -1 for I-frames and the first frame.

    Of streams without B-frames it is taken to be the frame before; H.264 and Snow may also refer to earlier ones.

    Raises:
        VideoError: stage ``motion``, where it cannot be told: of other codecs' streams with B-frames.
    """
    types = np.array([*types_and_sizes(decoder)[0]])
    numbers = np.arange(len(types))
    before = numbers - 1
    if 'B' in types:
        if decoder.codec not in _ONE_REFERENCE:
            reason = f'it has B-frames, and which frames those of {decoder.codec} refer to is not told'
            raise VideoError(decoder.path, 'motion', reason)
        anchors = np.where(types != 'B', numbers, -1)
        before = np.concatenate([[-1], np.maximum.accumulate(anchors)[:-1]])
    return np.where(types == 'I', -1, before)
