"""Uploaded videos: a few, of bounded size, stored under our own names until the session ends."""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.web.errors import BadRequest

_LONGEST_NAME = 200  # characters


class Upload(NamedTuple):
    """One uploaded video."""

    id: str
    """Random id that cannot be guessed."""
    name: str
    """The user's name of the file, only for display."""
    path: Path


class Uploads:
    """The newest uploads of a session.

    Args:
        folder: existing folder with no other files; its creator removes it.
        max_bytes: largest size of an upload.
        keep: number of uploads to keep; older ones are deleted.
    """

    def __init__(self, folder: Path, max_bytes: int, keep: int = 8) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.keep = keep
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    async def add(self, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Store a video that can be opened.

        Raises:
            BadRequest: the upload is larger than `max_bytes`; status 413.
            VideoError: the upload is not a video; the message has the user's name of the file.
        """
        upload = Upload(
            secrets.token_urlsafe(12), name[:_LONGEST_NAME] or 'unnamed', self.folder / secrets.token_hex(12)
        )
        try:
            size = 0
            with upload.path.open('wb') as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.max_bytes:
                        raise self.too_large(upload.name)
                    await run_in_threadpool(file.write, chunk)
            await run_in_threadpool(_check, upload)
        except BaseException:
            upload.path.unlink(missing_ok=True)
            raise
        self._kept[upload.id] = upload
        while len(self._kept) > self.keep:
            self._kept.popitem(last=False)[1].path.unlink(missing_ok=True)
        return upload

    def too_large(self, name: str) -> BadRequest:
        """The error for a video larger than `max_bytes`."""
        limit = f'{self.max_bytes / 2**20:.3g} MB'
        return BadRequest(f'{name}: the file is larger than {limit}. Remedy: upload a shorter part of it.', 413)

    def get(self, upload_id: str) -> Upload:
        """The upload with this id.

        Raises:
            BadRequest: there is no such upload, or it has been deleted.
        """
        if upload_id not in self._kept:
            raise BadRequest('this upload was deleted. Remedy: upload the video again.', 404)
        return self._kept[upload_id]


def renamed(error: VideoError, name: str) -> VideoError:
    """The same error with the user's name of the file."""
    remedy = 'Check that the file is a video that plays' if error.stage == 'open' else error.remedy
    return VideoError(name, error.stage, error.reason, remedy)


def _check(upload: Upload) -> None:
    try:
        with CompressedVideo(upload.path) as video:
            video.read(rgb=[0])
    except VideoError as error:
        raise renamed(error, upload.name) from error
