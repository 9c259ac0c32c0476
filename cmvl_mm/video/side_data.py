"""What FFmpeg attaches to a decoded frame besides its pixels, copied, since FFmpeg owns it."""

import operator
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from av.video.frame import VideoFrame

_side_data: Callable[[VideoFrame], Any]
_kind: Callable[[str], Any]
try:  # a semi-private place: it may move
    _module = import_module('av.sidedata.sidedata')
    # PyAV looks members of its enum up in an eighth of the time of their names.
    _side_data, _kind = _module.SideDataContainer, partial(operator.getitem, _module.Type)
except (ImportError, AttributeError):
    # The official way makes a reference cycle: every touched frame lives until the cycle collector runs.
    _side_data, _kind = operator.attrgetter('side_data'), str
_MOTION_VECTORS, _DISPLAY_MATRIX, _ENC_PARAMS = map(_kind, ('MOTION_VECTORS', 'DISPLAYMATRIX', 'VIDEO_ENC_PARAMS'))


def motion_records(frame: VideoFrame) -> bytes | None:
    """The frame's ``AVMotionVector`` records, one after the other; None where FFmpeg attached none."""
    return _copied(frame, _MOTION_VECTORS)


def motion_buffer(frame: VideoFrame) -> Any | None:
    """The same as a buffer that is not copied: it keeps the frame alive, and must not outlive the next few."""
    try:
        return _side_data(frame)[_MOTION_VECTORS]
    except KeyError:
        return None


def display_matrix(frame: VideoFrame) -> bytes | None:
    """Nine int32, of the container or the stream, that lay the picture on the screen; None where there are none."""
    return _copied(frame, _DISPLAY_MATRIX)


def quantiser_parameters(frame: VideoFrame) -> bytes | None:
    """``AVVideoEncParams`` and its blocks; None where FFmpeg attached none."""
    return _copied(frame, _ENC_PARAMS)


def _copied(frame: VideoFrame, kind: Any) -> bytes | None:
    try:
        return bytes(_side_data(frame)[kind])
    except KeyError:
        return None
