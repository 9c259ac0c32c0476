"""The errors of reading and writing videos."""

import os
from typing import Literal

Stage = Literal['open', 'index', 'decode', 'motion', 'encode']

_REMEDY: dict[str, str] = {
    'open': 'Check that the file is a complete video and plays',
    'index': 'Re-encode with cmvl prepare, or leave the video out of the list',
    'decode': 'Fetch the file again, or leave it out of the list; cmvl prepare reports such files',
    'motion': 'Re-encode with cmvl prepare',
    'encode': 'Check the free space and the permissions of the destination, and that the source plays',
}

NO_SUCH_FILE = 'there is no such file'
"""Reason of the error for a path that does not exist."""

NO_FRAMES = 'Check that the file plays, or leave it out of the list'
"""Remedy for a file that gives no frame: preparing it cannot help."""


class VideoError(RuntimeError):
    """A video that cannot be opened, indexed, decoded or encoded, or whose vectors cannot be read.

    Args:
        path: the video file.
        stage: the step that failed: ``open``, ``index``, ``decode``, ``motion`` or ``encode``.
        reason: what went wrong, without the path.
        remedy: what the reader of the message can do, without a full stop. The default is the general remedy of the
            stage; give one wherever that cannot help.

    The message names all four.  Instances can be pickled, because they pass between data-loader workers.
    """

    def __init__(self, path: str | os.PathLike[str], stage: Stage, reason: str, remedy: str | None = None) -> None:
        self.path = os.fspath(path)
        self.stage = stage
        self.reason = reason
        self.remedy = remedy or self._remedy()
        # All four are arguments of the exception, so that pickling calls the class with them.
        super().__init__(self.path, stage, reason, self.remedy)

    def __str__(self) -> str:
        return f'{self.path}: {self.stage}: {self.reason}. {self.remedy}.'

    def _remedy(self) -> str:
        return _REMEDY[self.stage]


class SettingError(VideoError, ValueError):
    """An invalid setting of a read, such as a batch of 0 frames: the caller's fault."""


class FrameIndexError(VideoError, IndexError):
    """A frame index below 0 or past the last frame. It is the caller's fault, so no data set replaces the video."""

    def _remedy(self) -> str:
        return 'Ask for display indices from 0 to num_frames - 1'
