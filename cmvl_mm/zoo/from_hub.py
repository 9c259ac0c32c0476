"""Downloads a file of a repository on the hub with huggingface_hub, within our limits and without the user's token."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import get_session

from cmvl_mm.files.digest import DigestError, sha256_of

from .address import HUB, Address, AddressError, OnHub, require_safe, shown
from .limits import DownloadError, bounded_bar, require_safe_redirect, require_size

ENDPOINT_VARIABLE = 'HF_ENDPOINT'
"""Names another hub with the same protocol."""
_guarded = threading.Lock()


def fetch_from_hub(address: Address, path: Path, size: int | None) -> None:
    """Download a file, check its digest, and move it to its place.

    Only public repositories work: the user's token is not sent, and a private one is reported as missing.

    Args:
        address: with `on_hub`.
        path: destination of the file; its folder exists. An incomplete file is deleted.
        size: size in bytes, if known.

    Raises:
        DownloadError: the file cannot be fetched, or has another size.
        DigestError: the file is another one. Nothing of it is kept.
        AddressError: the hub redirects to an address that is not safe, or HF_ENDPOINT is not an address.
    """
    assert address.on_hub is not None
    endpoint = (os.environ.get(ENDPOINT_VARIABLE) or HUB).rstrip('/')
    require_safe(endpoint)
    staging = path.with_suffix('.hub')
    try:
        with _guard(endpoint):
            found = _download(address, address.on_hub, endpoint, staging, size)
        digest = sha256_of(found)
        if digest != address.sha256:
            raise DigestError(
                f'{shown(address.url)}: the SHA-256 of the download is {digest}, expected {address.sha256}: this is '
                'not the file that was published. The download was deleted. Remedy: use a source whose '
                'file has the expected digest.'
            )
        os.replace(found, path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _download(address: Address, place: OnHub, endpoint: str, staging: Path, size: int | None) -> Path:
    options: dict[str, Any] = dict(
        repo_id=place.repository,
        filename=place.file,
        revision=place.revision,
        endpoint=endpoint,
        local_dir=staging,
        token=False,
        library_name='cmvl_mm',
    )
    try:
        known = huggingface_hub.hf_hub_download(**options, dry_run=True)
        require_size(address.url, known.file_size, size)
        bar = bounded_bar(address.url, size)
        return Path(huggingface_hub.hf_hub_download(**options, tqdm_class=bar))
    except (DownloadError, AddressError):
        raise
    except Exception as error:  # of httpx2, the hub's library, and files; their texts may hold signed addresses
        if (cause := _of_ours(error)) is not None:
            raise cause from None
        raise DownloadError(f'{shown(address.url)}: {_reason(error)}') from None


def _of_ours(error: BaseException | None) -> BaseException | None:
    """The error of this toolkit that the library has wrapped, if any."""
    while error is not None and not isinstance(error, (DownloadError, AddressError)):
        error = error.__cause__ or error.__context__
    return error


def _reason(error: BaseException) -> str:
    """The reason of an error and its remedy."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    if isinstance(error, HfHubHTTPError):
        return (
            f'the hub answers {error.response.status_code} ({type(error).__name__}). Remedy: check owner, repository, '
            'revision and file; download private files with `hf download`, and pass their path.'
        )
    if isinstance(error, OfflineModeIsEnabled):
        return 'HF_HUB_OFFLINE is set: nothing is downloaded. Remedy: unset it, or pass the path of a local file.'
    if isinstance(error, OSError) and error.errno is not None:
        return f'{error.strerror}. Remedy: free space, or get permission to write to the cache.'
    return f'the download failed ({type(error).__name__}). Remedy: run it again, or fetch the file and pass its path.'


@contextmanager
def _guard(endpoint: str) -> Iterator[None]:
    """Context in which requests of this thread only go to safe places, and only by HTTP.

    The library of the hub's other protocol, Xet, would not check redirects.
    """
    thread = threading.get_ident()

    def check(request: Any) -> None:
        if threading.get_ident() == thread:
            require_safe_redirect(endpoint, str(request.url))

    with _guarded:
        client = get_session()
        hooks, xet = client.event_hooks, constants.HF_HUB_DISABLE_XET
        client.event_hooks = {**hooks, 'request': [*hooks.get('request', []), check]}
        constants.HF_HUB_DISABLE_XET = True
        try:
            yield
        finally:
            client.event_hooks = hooks
            constants.HF_HUB_DISABLE_XET = xet
