"""Exact residuals of videos from FFmpeg's MPEG-4 encoder without B-frames, each from the frame's own packet."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from av import FFmpegError

from cmvl_mm.bitstream.mpeg4_flat_vop import MIDDLE
from cmvl_mm.bitstream.mpeg4_headers import parse_layer, states_layer, whole_macroblocks
from cmvl_mm.bitstream.mpeg4_vops import is_intra_mpeg4, is_plain_p_vop
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.frame_faults import damaged
from cmvl_mm.video.held import padded_packet
from cmvl_mm.video.lone_residual import WHITEST, ResidualDecoder, cropped, planes_of
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.packets import PacketsByFrame
from cmvl_mm.video.painter import Painter
from cmvl_mm.video.reporting import failure
from cmvl_mm.video.residual import Bits, ResidualField, Samples, add_where, empty_planes

BLOCK = 16  # px: MPEG-4 predicts or intra-codes whole macroblocks
_EDGES = BLOCK, BLOCK // 2, BLOCK // 2  # samples, of luma and chroma
_LONGEST_HEADER = 256  # bytes
_LOWEST, _HIGHEST = -128, 127
_SIGN = np.uint8(0x80)  # unsigned 8-bit x + 128 -> signed x


class ExactSource:
    """Packets of a file and a decoder for them, used by one read after the other.

    Args:
        decoder: decoder of a video whose residuals can be exact (residual_plan.py).
        facts: facts of the video.
    """

    def __init__(self, decoder: FrameDecoder, facts: VectorFacts) -> None:
        self.facts = facts
        self._packets = PacketsByFrame(decoder)
        self._decoder = ResidualDecoder(self._packets.stream)
        self._is_regular = decoder.is_regular
        self._tick_bits = parse_layer(self._packets.stream.codec_context.extradata or b'').tick_bits

    def close(self) -> None:
        self._packets.close()

    def read(self, rows: dict[int, list[int]], count: int, bits: Bits) -> ResidualField:
        """Read ``count`` residuals, given display indices and the rows of the result that request each.

        Raises:
            VideoError: stage ``decode``, if a frame is damaged.
        """
        residuals = _Residuals(self, count, bits)
        for number, packet in self._packets.of(rows):
            residuals.add(rows[number], number, packet if self._is_regular else _in_whole_macroblocks(packet))
        return residuals.finish()

    def decoder_of(self, packet: Any, *, is_intra: bool) -> ResidualDecoder:
        """The shared decoder, except for headers that may change its state for the whole stream (lone.py)."""
        if is_intra or is_plain_p_vop(bytes(memoryview(packet)[:16]), self._tick_bits):
            return self._decoder
        return ResidualDecoder(self._packets.stream)


def _in_whole_macroblocks(packet: Any) -> Any:
    """The packet; its header, if it has one, is changed to state the size that the decoder was given."""
    head = bytes(memoryview(packet)[:_LONGEST_HEADER])
    if not states_layer(head):
        return packet
    return padded_packet(whole_macroblocks(head) + bytes(memoryview(packet)[_LONGEST_HEADER:]))


class _Clipped(NamedTuple):
    """A frame whose residual may exceed 8 bits."""

    rows: list[int]
    packet: Any
    limits: list[tuple[int, int]]
    """Number of a plane, and the limit that some of its samples reach."""


class _Residuals:
    """Collects the residuals of frames."""

    def __init__(self, source: ExactSource, count: int, bits: Bits) -> None:
        self._source, self._path, self._size = source, source.facts.path, source.facts.size
        self._is_wide = bits == 16
        self._planes = empty_planes(count, self._size, bits)
        self._painter = Painter(source.facts, count, BLOCK)
        self._intra = np.zeros(count, np.bool_)
        self._at_limits: list[_Clipped] = []

    def add(self, rows: list[int], number: int, packet: Any) -> None:
        is_intra = is_intra_mpeg4(packet)
        try:
            frame = self._source.decoder_of(packet, is_intra=is_intra).decode(packet)
        except FFmpegError as error:
            raise failure(self._path, 'decode', error) from error
        except ValueError as error:
            raise damaged(self._path, number) from error
        self._painter.add(rows, number, frame)
        self._intra[rows] = is_intra
        clipped: list[tuple[int, int]] = []
        first, *others = rows
        for place, (out, plane) in enumerate(zip(self._planes, cropped(planes_of(frame), self._size), strict=True)):
            if not self._is_wide:
                np.bitwise_xor(plane, _SIGN, out=out[first].view(np.uint8))
            else:
                out[first] = plane
                if not is_intra:
                    clipped += [(place, limit) for limit in _less_middle(out[first])]
            for row in others:
                out[row] = out[first]
        if clipped:
            self._at_limits.append(_Clipped(rows, packet, clipped))

    def finish(self) -> ResidualField:
        motion = self._painter.finish()
        if self._is_wide:
            self._finish_wide(motion)
        y, u, v = self._planes
        return ResidualField(y, u, v, motion, approximate=None)

    def _finish_wide(self, motion: MotionField) -> None:
        for frame in self._at_limits:
            self._widen(frame, motion.valid[frame.rows[0]])
        pixels = ~motion.valid & ~self._intra[:, None, None]
        for plane, block in zip(self._planes, _EDGES, strict=True):
            add_where(plane, pixels, MIDDLE, block)

    def _widen(self, frame: '_Clipped', predicted: npt.NDArray[np.bool_]) -> None:
        """Replace the samples that were clipped to 8 bits, in cells that are ``predicted``."""
        row, *others = frame.rows
        for limit in (_LOWEST, _HIGHEST):
            found = {}
            for place, where in frame.limits:
                if where == limit:
                    at = self._at_limit(self._planes[place][row], limit, predicted, _EDGES[place])
                    if len(at[0]):
                        found[place] = at
            if found:
                decoder = self._source.decoder_of(frame.packet, is_intra=False)
                is_below = limit == _LOWEST
                full = planes_of((decoder.decode_negative if is_below else decoder.decode_positive)(frame.packet))
                for place, at in found.items():
                    samples = full[place][at] - np.int16(WHITEST if is_below else 0)
                    for other in (row, *others):
                        self._planes[place][other][at] = samples

    def _at_limit(
        self, plane: Samples, limit: int, predicted: npt.NDArray[np.bool_], block: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Lines and columns of the samples at a limit, in predicted cells of ``block`` samples."""
        flat = np.flatnonzero(plane.reshape(-1) == limit)  # NumPy searches one dimension ten times as fast
        y, x = np.divmod(flat, plane.shape[1])
        real = predicted[y // block, x // block]
        return y[real], x[real]


def _less_middle(plane: Samples) -> list[int]:
    """Subtract `MIDDLE` from each sample of 0 ... 255, in place; returns the 8-bit limits that some samples reach."""
    flat = plane.reshape(-1)  # NumPy processes one dimension several times as fast as two
    flat -= np.int16(MIDDLE)
    extremes = {_LOWEST: np.minimum.reduce(flat), _HIGHEST: np.maximum.reduce(flat)}
    return [limit for limit, reached in extremes.items() if reached == limit]
