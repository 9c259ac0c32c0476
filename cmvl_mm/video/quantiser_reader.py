"""Quantisers of the frames of a file, if its decoder exports them."""

from collections.abc import Iterator

import numpy as np
from av.video.frame import VideoFrame

from cmvl_mm.video.asked import Indices, is_prepared, rows_of
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import check_size, damaged
from cmvl_mm.video.motion import grid_shape
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.quantisers import BLOCK, QuantiserField, parse_quantisers
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.second_decoders import vector_decoder
from cmvl_mm.video.side_data import quantiser_parameters
from cmvl_mm.video.stream import CompressedVideo

CODECS_WITH_QUANTISERS = frozenset(
    {'h264', 'mpeg1video', 'mpeg2video', 'mpeg4', 'h263', 'flv1', 'msmpeg4v2', 'wmv2', 'rv10'}
)
"""Codecs whose decoders export them and whose values tests/video/test_costs.py compares with an encoder's setting."""

_EXPORT = {'export_side_data': 'venc_params'}


def read_quantisers(video: CompressedVideo, frames: Indices) -> QuantiserField:
    """Read quantisers by display index.

    A file from cmvl prepare is read packet by packet; any other is decoded from its start to the last wanted frame.

    Args:
        video: an open video.
        frames: display indices, any order, repeats allowed.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: stage ``motion``, if FFmpeg's decoder of the codec exports none; stage ``decode``, for damage.
    """
    check_opened('read_quantisers', video)
    if video.codec not in CODECS_WITH_QUANTISERS:
        known = ', '.join(sorted(CODECS_WITH_QUANTISERS))
        raise VideoError(video.path, 'motion', f'FFmpeg exports no quantisers for {video.codec}, only for {known}')
    rows = rows_of(video._decoder, frames)
    shape = len(frames), *grid_shape(video.height, video.width, BLOCK)
    values, valid, scale = np.zeros(shape, np.int16), np.zeros(shape, np.bool_), ''
    reader = video._decoder.new_reader()
    try:
        for number, frame in (
            _alone(video, reader, rows) if is_prepared(video._decoder) else _from_the_start(video, reader, rows)
        ):
            data = quantiser_parameters(frame)
            if data is not None:
                with reporting(video.path, 'motion'):
                    found = parse_quantisers(data, video.height, video.width)
                values[rows[number]], valid[rows[number]], scale = found
    finally:
        reader.close()
    return QuantiserField(values, valid, scale)


def _alone(
    video: CompressedVideo, reader: StreamReader, rows: dict[int, list[int]]
) -> Iterator[tuple[int, VideoFrame]]:
    index = video._decoder.index
    assert index is not None
    decoder = vector_decoder(reader.stream)
    decoder.options |= _EXPORT
    for number in rows:
        with reporting(video.path, 'decode'):
            frames = decoder.decode(reader.packet(index.start_of(number), number))
        if len(frames) != 1 or frames[0].is_corrupt:
            raise damaged(video.path, number)
        yield number, frames[0]


def _from_the_start(
    video: CompressedVideo, reader: StreamReader, rows: dict[int, list[int]]
) -> Iterator[tuple[int, VideoFrame]]:
    if not rows:
        return
    last = max(rows)
    reader.stream.codec_context.options |= _EXPORT
    for number, (frame, is_damaged) in enumerate(reader.decode_all()):
        if number in rows:
            if is_damaged:
                raise damaged(video.path, number)
            check_size(video.path, number, frame, (video.height, video.width))
            yield number, frame
        if number == last:
            return
    raise damaged(video.path, last)
