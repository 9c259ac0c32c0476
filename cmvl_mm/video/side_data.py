"""FFmpeg's motion-vector records of a decoded frame."""

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

from av.video.frame import VideoFrame

try:  # a semi-private place: it may move
    _side_data: Callable[[VideoFrame], Any] = import_module('av.sidedata.sidedata').SideDataContainer
except (ImportError, AttributeError):
    # The official way makes a reference cycle: every touched frame lives until the cycle collector runs.
    _side_data = operator.attrgetter('side_data')


def motion_records(frame: VideoFrame) -> bytes | None:
    """A copy, since FFmpeg owns them: `cmvl_mm.video.raster.RECORD`, one after the other; None where there are none."""
    entry = _side_data(frame).get('MOTION_VECTORS')
    return None if entry is None else bytes(entry)
