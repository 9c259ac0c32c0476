"""Compressed file -> frames and motion vectors.  PyAV and NumPy only."""

from cmvl_mm.video.batch import Batch
from cmvl_mm.video.errors import FrameIndexError, SettingError, VideoError
from cmvl_mm.video.frames import Frames
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.stream import CompressedVideo

__all__ = ['Batch', 'CompressedVideo', 'FrameIndexError', 'Frames', 'MotionField', 'SettingError', 'VideoError']
