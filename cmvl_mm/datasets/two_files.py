"""Two-file mode: a clip's pixels from the original video, I-frames and vectors from the prepared one, as released."""

import os
from pathlib import PurePosixPath

from cmvl_mm.video import CompressedVideo, VideoError

from .annotation import path_inside


def original_path(root: str, relative: str, suffix: str) -> str:
    """Path of the original of a list's entry: the same relative path with another suffix.

    Raises:
        AnnotationError: a symbolic link in the path leads out of the root.
    """
    return path_inside(root, os.fspath(PurePosixPath(relative).with_suffix(suffix)))


def check_same_frames(prepared: CompressedVideo, original: CompressedVideo) -> None:
    """Check that both files have the same size and frame count, so that indices and crop boxes fit both.

    The check does not detect an original whose metadata rotate it by 180 degrees. cmvl prepare applies the rotation,
    the reader does not.

    Raises:
        VideoError: they differ; the message names both files.
    """
    ours, theirs = (f'{video.num_frames} frames of {video.width}x{video.height} px' for video in (prepared, original))
    if ours != theirs:
        raise VideoError(original.path, 'index', f'it has {theirs}, but the prepared file {prepared.path} has {ours}')
