"""Which frame the vectors to the past of each frame refer to."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.layout import types_and_sizes

_ONE_REFERENCE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose B-frames refer to the I- or P-frame displayed before them, and to the one after."""


def frames_before(decoder: FrameDecoder, facts: VectorFacts) -> npt.NDArray[np.int64]:
    """(num_frames,) display index of the frame that each one's vectors refer to; -1 for I-frames, or not known.

    Blocks of H.264 may name different frames: taken is the one that the frame's list begins with.  Of streams of other
    codecs without B-frames it is the frame before, which some blocks of Snow do not mean.

    Raises:
        VideoError: stage ``motion``, where it cannot be told.
    """
    reason = f'it cannot be told which frames the vectors of this {decoder.codec} stream refer to'
    if decoder.codec == 'h264':
        if facts.first_references is None:
            raise VideoError(decoder.path, 'motion', reason)
        return facts.first_references
    types = np.array([*types_and_sizes(decoder)[0]])
    numbers = np.arange(len(types))
    before = numbers - 1
    if 'B' in types:
        if decoder.codec not in _ONE_REFERENCE:
            raise VideoError(decoder.path, 'motion', reason)
        anchors = np.where(types != 'B', numbers, -1)
        before = np.concatenate([[-1], np.maximum.accumulate(anchors)[:-1]])
    return np.where(types == 'I', -1, before)
