"""Residuals of streams whose own prediction is not formed here, estimated by a bilinear one."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.mpeg4_flat_vop import MIDDLE
from cmvl_mm.video.container import CODECS_WITH_VECTORS
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.lone_residual import cropped, planes_of
from cmvl_mm.video.painter import Painter
from cmvl_mm.video.past import frames_before
from cmvl_mm.video.prediction import chroma_sources, luma_sources, predict
from cmvl_mm.video.residual import Bits, ResidualField, empty_planes
from cmvl_mm.video.stream import CompressedVideo

HOW = 'decoded picture minus a bilinear prediction from one frame; no filter in the loop'

_FORMATS = ('yuv420p', 'yuvj420p')

_Planes = list[npt.NDArray[np.uint8]]


def approximate_residuals(video: CompressedVideo, rows: dict[int, list[int]], count: int, bits: Bits) -> ResidualField:
    """Estimates for display indices, sorted, and the rows of the result that ask for each.

    Raises:
        ValueError: cells of an odd number of pixels.
        VideoError: stage ``motion``, for codecs whose vectors are not given, for pictures that are not 8-bit 4:2:0, and
            where it cannot be told which frame vectors refer to.
    """
    if video.codec not in CODECS_WITH_VECTORS:
        video.read(motion=[*rows][:1])  # raises what it always does
    if video.block % 2:
        raise ValueError(f'block={video.block}: a cell must have whole chroma samples; open the video with an even one')
    size = video.height, video.width
    before = frames_before(video).tolist()
    needed = {before[number] for number in rows} - {-1}
    painter = Painter(video._facts, count, video.block)
    pictures: dict[int, _Planes] = {}
    for number, frame, as_picture, for_motion in video._decoder.frames(set(rows) | needed, set(rows)):
        if frame is None:
            continue
        if as_picture:
            if frame.format.name not in _FORMATS:
                reason = f'residuals are formed of 8-bit 4:2:0 pictures, and its are {frame.format.name}'
                raise VideoError(video.path, 'motion', reason)
            pictures[number] = [plane.copy() for plane in cropped(planes_of(frame), size)]
        if for_motion:
            painter.add(rows[number], number, frame)
    motion = painter.finish()
    planes = empty_planes(count, size, bits)
    for number, asking in rows.items():
        vectors, valid = motion.vectors[asking[0]], motion.valid[asking[0]]
        reference = pictures.get(before[number]) if valid.any() else None
        for place, decoded in enumerate(pictures[number]):
            edge = video.block // 2 if place else video.block
            base = np.full(decoded.shape, MIDDLE if bits == 8 else 0, np.int16)
            if reference is not None:
                sources = chroma_sources(vectors, half_sample=False) if place else luma_sources(vectors)
                predicted = valid.repeat(edge, axis=0).repeat(edge, axis=1)[: len(base), : decoded.shape[1]]
                np.copyto(base, predict(reference[place], sources, edge), where=predicted)
            found = decoded - base
            for row in asking:
                planes[place][row] = np.clip(found, -128, 127) if bits == 8 else found
    y, u, v = planes
    return ResidualField(y, u, v, motion, approximate=HOW)
