"""Two-file mode: a clip's pixels from the original video, I-frames and vectors from the prepared one, as released."""

import os
from pathlib import PurePosixPath

from cmvl_mm.video import CompressedVideo, VideoError

from .annotation import path_inside


def original_path(root: str, relative: str, suffix: str) -> str:
    """Where the original of a list's entry lies: the same relative path with another suffix.

    Raises:
        AnnotationError: a symbolic link on the way leads out of the root.
    """
    return path_inside(root, os.fspath(PurePosixPath(relative).with_suffix(suffix)))


def check_same_frames(prepared: CompressedVideo, original: CompressedVideo) -> None:
    """One index and one crop box must mean the same in both files, so sizes and frame counts must be equal.

    Not noticed: an original whose metadata turn it by 180 degrees. cmvl prepare bakes the turn in, the
    reader does not apply it.

    Raises:
        VideoError: they are not; it names both files.
    """
    ours, theirs = (f'{video.num_frames} frames of {video.width}x{video.height} px' for video in (prepared, original))
    if ours != theirs:
        raise VideoError(original.path, 'index', f'it has {theirs}, but the prepared {prepared.path} has {ours}')
