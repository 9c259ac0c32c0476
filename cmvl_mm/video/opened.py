"""The error for a path given to a function that takes an open video."""

from cmvl_mm.video.checks import shown
from cmvl_mm.video.stream import CompressedVideo


def check_opened(function: str, video: object) -> None:
    """Raises TypeError for anything but a `CompressedVideo`."""
    if not isinstance(video, CompressedVideo):
        raise TypeError(
            f'{function} needs an open CompressedVideo, not {type(video).__name__} {shown(video)}. '
            f'Remedy: open it first: with CompressedVideo(path) as video: {function}(video, ...).'
        )
