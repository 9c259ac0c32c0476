"""The frame that each frame's vectors to the past refer to."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.picture_types import letters

_ONE_REFERENCE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose B-frames refer to the I- or P-frame displayed before them and to the one after."""


def frames_before(decoder: FrameDecoder, facts: VectorFacts, *, sure: bool) -> npt.NDArray[np.int64]:
    """(num_frames,) display index of the frame that each frame's vectors refer to; -1 for I-frames or if unknown.

    Args:
        decoder: decoder of the video.
        facts: facts of the video.
        sure: whether -1 is given where blocks of H.264 may refer to different frames; otherwise such a frame gets the
            first entry of its list.  Streams of other codecs without B-frames get the frame before; some blocks of Snow
            refer to another, so for Snow no reference is sure.

    Raises:
        VideoError: stage ``motion``, if the reference is unknown for all frames.
    """
    reason = f'the frames that the vectors of this {decoder.codec} stream refer to are unknown'
    if decoder.codec == 'h264':
        references = facts.only_references if sure else facts.first_references
        if references is None:
            raise VideoError(decoder.path, 'motion', reason)
        return references
    types = np.array([*_types(decoder)])
    numbers = np.arange(len(types))
    before = numbers - 1
    if 'B' in types:
        if decoder.codec not in _ONE_REFERENCE:
            raise VideoError(decoder.path, 'motion', reason)
        anchors = np.where(types != 'B', numbers, -1)
        before = np.concatenate([[-1], np.maximum.accumulate(anchors)[:-1]])
    elif sure and decoder.codec == 'snow':
        raise VideoError(decoder.path, 'motion', reason)
    return np.where(types == 'I', -1, before)


def _types(decoder: FrameDecoder) -> str:
    """Types of all frames of any codec but H.264: of a prepared file, or of one that was decoded for its index."""
    if decoder.truth is None:
        assert decoder.types is not None, 'without a decode, only H.264 and prepared files have an index'
        return letters((kind, False) for kind in decoder.types.tolist())
    frames = decoder.truth.frames
    return letters(zip(frames['type'].tolist(), frames['key'].tolist(), strict=True))
