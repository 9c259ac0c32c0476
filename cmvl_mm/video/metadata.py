"""A short description of a video."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.video.display import Orientation, orientation_of

_TURNS = {
    Orientation(): (0, False),
    Orientation(True, False, True): (90, False),
    Orientation(False, True, True): (180, False),
    Orientation(True, True, False): (270, False),
    Orientation(False, False, True): (0, True),
    Orientation(True, True, True): (90, True),
    Orientation(False, True, False): (180, True),
    Orientation(True, False, False): (270, True),
}


@dataclass(frozen=True, repr=False)
class VideoMetadata:
    """Metadata of one video. Pictures are as they are read: rotation is not applied."""

    container: str
    """FFmpeg's name of the container format, such as 'mov,mp4,m4a,3gp,3g2,mj2'."""
    tracks: int
    """Video streams of the file, without cover art; the first that holds packets is this video."""
    codec: str
    """FFmpeg's name of the codec: ``mpeg4``, ``h264``, ..."""
    profile: str | None
    """Profile of the codec; None if the stream states none."""
    width: int
    height: int
    """Height of the picture in pixels; likewise ``width``."""
    pixel_format: str
    """Pixel format of frame 0 by FFmpeg's name, such as 'yuv420p'."""
    fps: float
    """Mean frames per second; 0 if the file has neither times nor a rate."""
    num_frames: int
    rotation: int | None
    """Degrees to turn the picture clockwise for display; None if that is not a multiple of 90."""
    mirrored: bool
    """Whether to mirror the picture left to right before turning it."""
    interlaced: bool
    """Whether frame 0 is flagged as interlaced."""
    has_b_frames: bool
    keyframe_interval: tuple[int, int]
    """Fewest and most frames from one key frame to the next or to the end of the file."""

    def __repr__(self) -> str:
        fewest, most = self.keyframe_interval
        parts = [
            f'{self.codec}{f" {self.profile}" if self.profile else ""}',
            f'{self.width}x{self.height} {self.pixel_format}',
            f'{self.num_frames} frames',
            f'{self.fps:.4g} fps',
            f'key frame every {fewest if fewest == most else f"{fewest} to {most}"}',
        ]
        parts += ['B-frames'] * self.has_b_frames + ['interlaced'] * self.interlaced + ['mirrored'] * self.mirrored
        if self.tracks > 1:
            parts.append(f'the first of {self.tracks} video tracks')
        if self.rotation:
            parts.append(f'rotated {self.rotation} degrees')
        return f'VideoMetadata({", ".join(parts)})'


def keyframe_interval(keyframes: npt.NDArray[np.int64], num_frames: int) -> tuple[int, int]:
    """Fewest and most frames from one key frame to the next, or to the end."""
    gaps = np.diff(np.append(keyframes, num_frames))
    return int(gaps.min()), int(gaps.max())


def turn_of(frame: VideoFrame) -> tuple[int | None, bool]:
    """Degrees clockwise, and whether the picture is mirrored left to right first; see `VideoMetadata`."""
    try:
        return _TURNS[orientation_of(frame)]
    except ValueError:
        return None, False
