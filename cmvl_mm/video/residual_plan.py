"""How the residuals of a video are obtained: exactly, from each frame's packet, or estimated from decoded pictures."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.mpeg4_headers import parse_layer, whole_macroblocks
from cmvl_mm.video.asked import is_prepared
from cmvl_mm.video.checks import about
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import SettingError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.past import frames_before
from cmvl_mm.video.residual import Bits
from cmvl_mm.video.second_decoders import has_lone_vectors
from cmvl_mm.video.settings import check_bits, check_codec


class ResidualPlan(NamedTuple):
    """Decisions for all frames of a video, made before any is read."""

    bits: Bits
    block: int
    """Edge of an estimate's cells in pixels; exact residuals have cells of 16 px."""
    before: npt.NDArray[np.int64] | None
    """For an estimate, see `frames_before`; None if the residuals are exact."""


def plan_residuals(decoder: FrameDecoder, facts: VectorFacts, block: int, bits: Bits) -> ResidualPlan:
    """The plan for a video whose vectors lie on cells of ``block`` px.

    Raises:
        SettingError: ``bits`` is neither 8 nor 16, or cells of an estimate have an odd number of pixels.
        VideoError: stage ``motion``, if the codec's vectors are not given, or it is unknown which frame they refer to.
    """
    with about(decoder.path, 'decode'):
        check_bits(bits)
    if can_be_exact(decoder, facts):
        return ResidualPlan(bits, block, None)
    return plan_estimates(decoder, facts, block, bits)


def plan_estimates(decoder: FrameDecoder, facts: VectorFacts, block: int, bits: Bits) -> ResidualPlan:
    """A plan for estimates, even if the residuals could be exact."""
    check_codec(decoder.path, decoder.codec)
    if block % 2:
        remedy = 'Open the video with an even block: a cell must have whole chroma samples'
        raise SettingError(decoder.path, 'motion', f'block is {block}', remedy)
    return ResidualPlan(bits, block, frames_before(decoder, facts, sure=False))


def can_be_exact(decoder: FrameDecoder, facts: VectorFacts) -> bool:
    """Whether a frame's packet alone gives its residual."""
    stream = decoder.stream
    if not has_lone_vectors(stream):
        return False
    try:
        layer = parse_layer(whole_macroblocks(stream.codec_context.extradata or b''))
    except ValueError:
        return False
    if layer.interlaced or layer.sprite:
        return False
    if is_prepared(decoder):
        return True
    truth = decoder.truth
    # After a change of headers, the record of a frame does not tell which of its blocks are predicted.
    return truth is not None and truth.has_positions and not facts.held_at_changes()
