"""Errors about one frame: damage or another size."""

from av.video.frame import VideoFrame

from cmvl_mm.video.errors import VideoError


def damage_reason(number: int) -> str:
    return f'frame {number}, or one it depends on, is missing or damaged; FFmpeg patched it up'


def damaged(path: str, number: int) -> VideoError:
    return VideoError(path, 'decode', damage_reason(number))


def check_size(path: str, number: int, frame: VideoFrame, size: tuple[int, int]) -> None:
    """Raises VideoError if a frame's size differs from the video's, (height, width)."""
    if (frame.height, frame.width) != size:
        raise other_size(path, number, (frame.height, frame.width), size)


def other_size(path: str, number: int, found: tuple[int, int], size: tuple[int, int]) -> VideoError:
    """The error for a frame of another size; ``found`` and ``size`` are (height, width)."""
    (found_height, found_width), (height, width) = found, size
    return VideoError(
        path,
        'decode',
        f'frame {number} is {found_width}x{found_height} px in a video of {width}x{height}',
        'Scale the video to one size with another program first, or cut it where its size changes',
    )
