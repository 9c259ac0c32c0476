"""Residuals of the frames of a file: exact ones of what `reencode` wrote."""

from typing import Any

import numpy as np
from av import FFmpegError

from cmvl_mm.bitstream.mpeg4_flat_vop import MIDDLE
from cmvl_mm.bitstream.mpeg4_headers import is_plain_p_vop, parse_layer
from cmvl_mm.video.asked import is_prepared, rows_of
from cmvl_mm.video.container import failure, has_lone_vectors, is_intra_mpeg4
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import damaged
from cmvl_mm.video.lone_residual import ResidualDecoder, cropped, planes_of
from cmvl_mm.video.painter import Painter
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.residual import ResidualField, add_where
from cmvl_mm.video.stream import CompressedVideo, Indices

BLOCK = 16  # px: MPEG-4 predicts whole macroblocks, or codes them whole
_EDGES = BLOCK, BLOCK // 2, BLOCK // 2  # samples, of luma and chroma
_SIGN = np.uint8(0x80)  # x + 128 of 8 bits without a sign -> x with one


def read_residuals(video: CompressedVideo, frames: Indices) -> ResidualField:
    """Residuals and vectors by display index, on cells of 16 px.

    Of a file that cmvl prepare wrote they are exact, and each frame's come from its own packet: nothing else is decoded.

    Args:
        video: open.
        frames: display indices, any order, repeats allowed.

    Returns:
        `ResidualField` of ``len(frames)`` frames; an I-frame's holds its pixels.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: stage ``decode``, where a wanted frame is damaged.
    """
    rows = rows_of(video, frames)
    if not is_prepared(video):
        raise VideoError(video.path, 'motion', 'no')
    with _Lone(video, len(frames)) as lone:
        for number in rows:
            lone.add(rows[number], number)
        return lone.finish()


class _Lone:
    """Collects frames of a prepared file."""

    def __init__(self, video: CompressedVideo, count: int) -> None:
        index = video._decoder.index
        assert index is not None
        self._video, self._index, self._size = video, index, (video.height, video.width)
        self._reader = StreamReader(video.path)
        self._decoder = ResidualDecoder(self._reader.stream)
        self._tick_bits = parse_layer(self._reader.stream.codec_context.extradata or b'').tick_bits
        half = -(-video.height // 2), -(-video.width // 2)
        self._planes = [np.empty((count, *shape), np.int16) for shape in (self._size, half, half)]
        self._painter = Painter(video._facts, count, BLOCK)
        self._intra = np.zeros(count, np.bool_)
        self._at_limits: list[tuple[int, list[int], Any]] = []  # number, rows and packets: perhaps clipped

    def __enter__(self) -> '_Lone':
        return self

    def __exit__(self, *exception: object) -> None:
        self._reader.close()

    def add(self, rows: list[int], number: int) -> None:
        packet = self._reader.packet(self._index.start_of(number), number)
        is_intra = is_intra_mpeg4(packet)
        try:
            frame = self._decoder_of(packet, is_intra).decode(packet)
        except FFmpegError as error:
            raise failure(self._video.path, 'decode', error) from error
        except ValueError as error:
            raise damaged(self._video.path, number) from error
        self._painter.add(rows, number, frame)
        self._intra[rows] = is_intra
        lowest, highest = MIDDLE, MIDDLE
        for out, plane in zip(self._planes, cropped(planes_of(frame), self._size), strict=True):
            samples = plane if is_intra else (plane ^ _SIGN).view(np.int8)
            for row in rows:
                out[row] = samples
            lowest, highest = min(lowest, int(plane.min())), max(highest, int(plane.max()))
        if not is_intra and (lowest == 0 or highest == 255):
            self._at_limits.append((number, rows, packet))

    def _decoder_of(self, packet: Any, is_intra: bool) -> ResidualDecoder:
        """The shared one, but for headers that may change what it believes of the whole stream (lone.py)."""
        if is_intra or is_plain_p_vop(bytes(memoryview(packet)[:16]), self._tick_bits):
            return self._decoder
        return ResidualDecoder(self._reader.stream)

    def finish(self) -> ResidualField:
        motion = self._painter.finish()
        for number, rows, packet in self._at_limits:
            self._widen(number, rows, packet, motion.valid[rows[0]])
        pixels = ~motion.valid & ~self._intra[:, None, None]
        for plane, block in zip(self._planes, _EDGES, strict=True):
            add_where(plane, pixels, MIDDLE, block)
        y, u, v = self._planes
        return ResidualField(y, u, v, motion, approximate=None)

    def _widen(self, number: int, rows: list[int], packet: Any, predicted: np.ndarray) -> None:
        """Replace what was clipped to 8 bits, in cells that are ``predicted``."""
        decoder = self._decoder_of(packet, is_intra=False)
        for limit, decode in ((-128, decoder.decode_negative), (127, decoder.decode_positive)):
            clipped = []
            for plane, block in zip(self._planes, _EDGES, strict=True):
                at = np.nonzero(plane[rows[0]] == limit)
                real = predicted[at[0] // block, at[1] // block]
                clipped.append((at[0][real], at[1][real]))
            if not any(len(lines) for lines, _ in clipped):
                continue
            for plane, full, at in zip(self._planes, decode(packet), clipped, strict=True):
                for row in rows:
                    plane[row][at] = full[at]


_ = VideoError, has_lone_vectors
