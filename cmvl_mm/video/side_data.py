"""What FFmpeg attaches to a decoded frame besides its pixels, copied, since FFmpeg owns it."""

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
    """The frame's ``AVMotionVector`` records, one after the other; None where FFmpeg attached none."""
    entry = motion_buffer(frame)
    return None if entry is None else bytes(entry)


def motion_buffer(frame: VideoFrame) -> Any | None:
    """The same as a buffer that is not copied: it keeps the frame alive, and must not outlive the next few."""
    return _side_data(frame).get('MOTION_VECTORS')


def display_matrix(frame: VideoFrame) -> bytes | None:
    """Nine int32, of the container or the stream, that lay the picture on the screen; None where there are none."""
    entry = _side_data(frame).get('DISPLAYMATRIX')
    return None if entry is None else bytes(entry)


def quantiser_parameters(frame: VideoFrame) -> bytes | None:
    """``AVVideoEncParams`` and its blocks; None where FFmpeg attached none."""
    entry = _side_data(frame).get('VIDEO_ENC_PARAMS')
    return None if entry is None else bytes(entry)
