"""Converts PyAV's errors about a file to `VideoError`."""

from collections.abc import Iterator
from contextlib import contextmanager

from av.error import FFmpegError

from cmvl_mm.video.errors import Stage, VideoError

OF_CODE = (TypeError, AttributeError, NameError, ImportError)
"""Errors that no file causes: a call that this PyAV does not accept, or a mistake of ours. They are not converted."""


@contextmanager
def reporting(path: str, stage: Stage) -> Iterator[None]:
    """Convert what PyAV raises for a file to `VideoError`: bare ValueError, EOFError and many more."""
    try:
        yield
    except (VideoError, *OF_CODE):
        raise
    except Exception as error:
        raise failure(path, stage, error) from error


def failure(path: str, stage: Stage, error: Exception) -> VideoError:
    """The `VideoError` for an error of PyAV: FFmpeg's message without its number and the path."""
    if isinstance(error, FFmpegError) and error.strerror:
        return VideoError(path, stage, error.strerror)
    return VideoError(path, stage, f'{type(error).__name__}: {error}')
