"""What FFmpeg attaches to a decoded frame besides its pixels, copied because FFmpeg owns it."""

import operator
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from av.video.frame import VideoFrame

_side_data: Callable[[VideoFrame], Any]
_kind: Callable[[str], Any]
try:  # a semi-private module, which may move
    _module = import_module('av.sidedata.sidedata')
    # Looking up members of PyAV's enum takes an eighth of the time of looking up their names.
    _side_data, _kind = _module.SideDataContainer, partial(operator.getitem, _module.Type)
except (ImportError, AttributeError):
    # The official way creates a reference cycle: every such frame lives until the cycle collector runs.
    _side_data, _kind = operator.attrgetter('side_data'), str
_MOTION_VECTORS, _DISPLAY_MATRIX, _ENC_PARAMS = map(_kind, ('MOTION_VECTORS', 'DISPLAYMATRIX', 'VIDEO_ENC_PARAMS'))


def motion_records(frame: VideoFrame) -> bytes | None:
    """The frame's ``AVMotionVector`` records, one after the other; None if FFmpeg attached none."""
    return _copied(frame, _MOTION_VECTORS)


def motion_buffer(frame: VideoFrame) -> Any | None:
    """The same records in a buffer without copy: it keeps the frame alive, so use it within the next few frames."""
    try:
        return _side_data(frame)[_MOTION_VECTORS]
    except KeyError:
        return None


def display_matrix(frame: VideoFrame) -> bytes | None:
    """The display matrix of the container or the stream, nine int32; None if there is none."""
    return _copied(frame, _DISPLAY_MATRIX)


def quantiser_parameters(frame: VideoFrame) -> bytes | None:
    """``AVVideoEncParams`` and its blocks; None if FFmpeg attached none."""
    return _copied(frame, _ENC_PARAMS)


def _copied(frame: VideoFrame, kind: Any) -> bytes | None:
    try:
        return bytes(_side_data(frame)[kind])
    except KeyError:
        return None
