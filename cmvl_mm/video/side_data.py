"""What FFmpeg attaches to a decoded frame besides its pixels."""

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

from av.video.frame import VideoFrame

side_data: Callable[[VideoFrame], Any]
"""Frame -> mapping from the names of FFmpeg's kinds of side data to their bytes; FFmpeg owns those: copy them."""

try:  # a semi-private place: it may move
    side_data = import_module('av.sidedata.sidedata').SideDataContainer
except (ImportError, AttributeError):
    # The official way makes a reference cycle: every touched frame lives until the cycle collector runs.
    side_data = operator.attrgetter('side_data')
