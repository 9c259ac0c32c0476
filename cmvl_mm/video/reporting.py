"""What PyAV raises for a file becomes `VideoError`."""

from collections.abc import Iterator
from contextlib import contextmanager

from av.error import FFmpegError

from cmvl_mm.video.errors import Stage, VideoError

OF_CODE = (TypeError, AttributeError, NameError, ImportError)
"""Errors that no file causes: a call that this PyAV does not take, or a mistake of ours. They stay as they are."""


@contextmanager
def reporting(path: str, stage: Stage) -> Iterator[None]:
    """Turn what PyAV raises for a file into `VideoError`: bare ValueError, EOFError and many more."""
    try:
        yield
    except (VideoError, *OF_CODE):
        raise
    except Exception as error:
        raise failure(path, stage, error) from error


def failure(path: str, stage: Stage, error: Exception) -> VideoError:
    """The `VideoError` for what PyAV raised: FFmpeg's own words, without their number and the path."""
    if isinstance(error, FFmpegError) and error.strerror:
        return VideoError(path, stage, error.strerror)
    return VideoError(path, stage, f'{type(error).__name__}: {error}')
