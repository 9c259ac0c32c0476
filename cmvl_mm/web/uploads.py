"""Videos that a reader of the page hands over: kept under names of ours, few, of bounded size, until the end."""

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
    """One video."""

    id: str
    """Random, so that nobody guesses it."""
    name: str
    """As the reader calls it: for display alone."""
    path: Path


class Uploads:
    """The newest uploads of a session.

    Args:
        folder: which exists, and holds nothing else; whoever made it removes it.
        max_bytes: of one upload.
        keep: how many; an older one is deleted.
    """

    def __init__(self, folder: Path, max_bytes: int, keep: int = 8) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.keep = keep
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    async def add(self, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Keep a video that can be opened.

        Raises:
            BadRequest: it is larger than `max_bytes`; status 413.
            VideoError: it is no video; the message has the reader's name for it.
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
        """The error of a video that is larger than `max_bytes`."""
        limit = f'{self.max_bytes / 2**20:.3g} MB'
        return BadRequest(f'{name}: larger than {limit}. Remedy: cut out the part that counts.', 413)

    def get(self, upload_id: str) -> Upload:
        """The upload of that id.

        Raises:
            BadRequest: there is none, or none any more.
        """
        if upload_id not in self._kept:
            raise BadRequest('This upload is not kept any more. Remedy: upload the video again.', 404)
        return self._kept[upload_id]


def renamed(error: VideoError, name: str) -> VideoError:
    """The same error under the reader's name of the file."""
    remedy = 'Check that the file is a video that plays' if error.stage == 'open' else error.remedy
    return VideoError(name, error.stage, error.reason, remedy)


def _check(upload: Upload) -> None:
    try:
        with CompressedVideo(upload.path) as video:
            video.read(rgb=[0])
    except VideoError as error:
        raise renamed(error, upload.name) from error
