"""Make flow files, and measure their cost compared to motion vectors on the same videos."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from cmvl_mm.datasets.flow import FlowError, verify_flow, write_flow
from cmvl_mm.video.stream import CompressedVideo

VECTOR_BLOCK = 16  # px: the grid that keeps all vectors of prepared videos


class FlowCost(NamedTuple):
    """Seconds for the motion of one video, from opening the file to arrays for all frames."""

    num_frames: int
    tvl1: float  # up to the flow file
    vectors: float


def make_flow(path: str | os.PathLike[str]) -> FlowCost | None:
    """Write the TV-L1 flow file of a prepared video, unless it is complete.

    Returns:
        The cost of the flow and of reading all motion vectors; None if the file was complete.

    Raises:
        ImportError: cv2.optflow is missing.
        VideoError: stage ``motion`` if the file cannot be made, other stages if the video is damaged.
    """
    import cv2  # imported here, so that reading needs no OpenCV

    from cmvl_mm.prepare.tvl1 import tvl1_flow

    cv2.setNumThreads(1)  # workers already share the cores, and the cost is measured on one core
    with CompressedVideo(path) as video, suppress(FlowError):  # missing, damaged, or of a previous video
        verify_flow(video)
        return None
    begin = time.perf_counter()
    with CompressedVideo(path) as video:
        write_flow(video, tvl1_flow(video))
    middle = time.perf_counter()
    with CompressedVideo(path, block=VECTOR_BLOCK) as video:
        video.read(motion=range(video.num_frames))
        return FlowCost(video.num_frames, middle - begin, time.perf_counter() - middle)


def summarise(costs: Sequence[FlowCost]) -> dict[str, float | None]:
    """``videos``, ``frames``, and milliseconds per frame: ``tvl1_ms_per_frame`` and ``vectors_ms_per_frame``.

    The milliseconds are None without frames.
    """
    frames = sum(cost.num_frames for cost in costs)

    def per_frame(seconds: float) -> float | None:
        return round(1000 * seconds / frames, 3) if frames else None

    return {
        'videos': len(costs),
        'frames': frames,
        'tvl1_ms_per_frame': per_frame(sum(cost.tvl1 for cost in costs)),
        'vectors_ms_per_frame': per_frame(sum(cost.vectors for cost in costs)),
    }
