"""Compressed file -> frames, motion vectors, residuals and costs.  Needs PyAV and NumPy only."""

from cmvl_mm.video.accumulate import AccumulatedMotion, accumulate
from cmvl_mm.video.accumulate_reader import AccumulatedResidual, read_accumulated, read_accumulated_residual
from cmvl_mm.video.batch import Batch
from cmvl_mm.video.block_energy import BlockEnergy, block_energy
from cmvl_mm.video.camera import CameraMotion, camera_motion, without_camera
from cmvl_mm.video.errors import FrameIndexError, SettingError, VideoError
from cmvl_mm.video.frames import Frames
from cmvl_mm.video.layout import StreamLayout
from cmvl_mm.video.layout_reader import read_layout
from cmvl_mm.video.metadata import VideoMetadata
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.patch_energy import PatchEnergy, patch_energy
from cmvl_mm.video.quantiser_reader import read_quantisers
from cmvl_mm.video.quantisers import QuantiserField
from cmvl_mm.video.residual import ResidualField
from cmvl_mm.video.residual_reader import read_residuals
from cmvl_mm.video.stream import CompressedVideo

__all__ = [
    'AccumulatedMotion',
    'AccumulatedResidual',
    'Batch',
    'BlockEnergy',
    'CameraMotion',
    'CompressedVideo',
    'FrameIndexError',
    'Frames',
    'MotionField',
    'PatchEnergy',
    'QuantiserField',
    'ResidualField',
    'SettingError',
    'StreamLayout',
    'VideoError',
    'VideoMetadata',
    'accumulate',
    'block_energy',
    'camera_motion',
    'patch_energy',
    'read_accumulated',
    'read_accumulated_residual',
    'read_layout',
    'read_quantisers',
    'read_residuals',
    'without_camera',
]
