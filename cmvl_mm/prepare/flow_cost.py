"""Making flow files, and what that costs beside motion vectors on the same videos."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from cmvl_mm.datasets.flow import FlowError, verify_flow, write_flow
from cmvl_mm.video.stream import CompressedVideo

VECTOR_BLOCK = 16  # px: the grid that loses nothing of prepared videos


class FlowCost(NamedTuple):
    """Seconds that the motion of one video took, from opening the file to arrays for all frames."""

    num_frames: int
    tvl1: float  # up to the flow file
    vectors: float


def make_flow(path: str | os.PathLike[str]) -> FlowCost | None:
    """Write the TV-L1 flow file of a prepared video, unless all of it is there.

    Returns:
        What it cost, and what reading all motion vectors costs; None where nothing was to be done.

    Raises:
        ImportError: without cv2.optflow.
        VideoError: stage ``motion`` where the file cannot be made, others where the video is damaged.
    """
    import cv2  # here, so that those who only read need no OpenCV

    from cmvl_mm.prepare.tvl1 import tvl1_flow

    cv2.setNumThreads(1)  # workers share the cores already, and a cost is that of one core
    with CompressedVideo(path) as video, suppress(FlowError):  # missing, damaged, or of a video that was here before
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

    The latter are None without frames.
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
