"""TV-L1 optical flow of a video on the grid of motion vectors, which `cmvl_mm.datasets.flow` stores.

Zach, Pock, Bischof: A duality based approach for realtime TV-L1 optical flow (2007), as in OpenCV's contributed
modules and with their settings.  Only this file of the package needs OpenCV, so others import it on demand.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from cmvl_mm.datasets.flow import FLOW_BLOCK
from cmvl_mm.video.motion import QUARTERS, grid_shape
from cmvl_mm.video.stream import CompressedVideo


def require_optflow() -> None:
    """Check that OpenCV has its contributed modules.

    Raises:
        ImportError: they are missing; the message has the remedy.  opencv-python and opencv-contrib-python share one
            folder; if both are installed, it holds the files of the last one, and pip calls both complete.
    """
    if hasattr(cv2, 'optflow'):
        return
    name = 'opencv-contrib-python'
    try:
        wanted = f'{name}=={version(name)}'
    except PackageNotFoundError:
        wanted = name
    raise ImportError(
        f'{cv2.__file__} has no cv2.optflow: it is opencv-python, perhaps installed over {name}. '
        f'Remedy: pip install --force-reinstall --no-deps {wanted}'
    )


def tvl1_flow(video: CompressedVideo) -> Iterator[npt.NDArray[np.int16]]:
    """The displacement of each block since the previous frame, for all frames in order.

    TV-L1 runs from each grey frame to the previous one, which gives src - dst, and the result is negated.

    Yields:
        int16 (Hb, Wb, 2) per frame, (dx, dy) in quarter pixels, dst - src: the mean of each block of `FLOW_BLOCK`
        pixels.  Frame 0 has no previous frame and is 0.

    Raises:
        ImportError: cv2.optflow is missing.
        VideoError: the video does not decode.
        ValueError: the flow is not finite, or longer than int16 holds (8191 px).
    """
    require_optflow()
    method = cv2.optflow.DualTVL1OpticalFlow_create()  # type: ignore[attr-defined]  # OpenCV's stubs lack it
    before = None
    for picture in _pictures(video):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        if before is None:
            yield np.zeros((*grid_shape(video.height, video.width, FLOW_BLOCK), 2), np.int16)
        else:
            yield quarter_pixels(block_means(-method.calc(grey, before, None), FLOW_BLOCK))
        before = grey


def block_means(field: npt.NDArray[np.floating], block: int) -> npt.NDArray[np.float64]:
    """(H, W, 2) -> (Hb, Wb, 2): the mean of each block, at the edges of its part inside the frame."""
    height, width = field.shape[:2]
    rows, columns = np.arange(0, height, block), np.arange(0, width, block)
    total = np.add.reduceat(np.add.reduceat(field.astype(np.float64), rows, axis=0), columns, axis=1)
    area = np.outer(np.minimum(block, height - rows), np.minimum(block, width - columns))
    return total / area[..., None]


def quarter_pixels(displacement: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Pixels -> int16 quarter pixels, rounded.

    Raises:
        ValueError: a value is not finite or does not fit.
    """
    longest = float(np.abs(displacement).max())
    if not longest * QUARTERS <= np.iinfo(np.int16).max:  # NaN too
        raise ValueError(f'flow of {longest:.0f} px is longer than the grid can hold')
    return np.rint(displacement * QUARTERS).astype(np.int16)


def _pictures(video: CompressedVideo) -> Iterator[npt.NDArray[np.uint8]]:
    """(H, W, 3) RGB of every frame, one group of pictures in memory at a time."""
    starts = [int(start) for start in video.keyframes if start > 0]
    for first, end in pairwise([0, *starts, video.num_frames]):
        yield from video.read(rgb=range(first, end)).rgb
