"""Finds the file for what a user names: a name of the zoo, a path, or an address."""

from difflib import get_close_matches
from pathlib import Path

from cmvl_mm.files.digest import require_sha256

from .address import read_address
from .download import fetch
from .fields import NAME, ManifestError
from .manifest import Entry, read_manifest, zoo_folder


class AmbiguousNameError(ValueError):
    """A name of the zoo that is also a local file."""


def locate(reference: str | Path, sha256: str | None = None) -> Path:
    """The published file, or an existing path.

    Args:
        reference: a name of the zoo, `https://…#sha256=…`, `hf://owner/repository[@revision]/file#sha256=…`, or a path;
            a `Path` is always a path.
        sha256: the digest, if an address has none after '#'. Paths, which may be folders, are not checked here.

    Raises:
        FileNotFoundError: nothing has that name; or the zoo describes weights of which no copy is available.
        AmbiguousNameError: a file has the name of an entry.
        AddressError, DownloadError, DigestError, ManifestError: see these classes.
    """
    text = str(reference)
    if isinstance(reference, str) and '://' in text:
        return fetch(read_address(text, sha256))
    named = isinstance(reference, str) and NAME.fullmatch(text) is not None
    if Path(text).exists():
        if named and text in _names():
            raise AmbiguousNameError(
                f'{text}: names a model of the zoo, and a file or folder here. Remedy: pass ./{text} for the file; '
                'for the model, run in another directory.'
            )
        return Path(text)
    if named and (entry := read_manifest().get(text)) is not None:
        return weights_of(entry)
    raise FileNotFoundError(
        f'{text}: no such checkpoint or work directory, and the zoo has no such model{_close(text)}. '
        'Remedy: check the name, or train first.'
    )


def weights_of(entry: Entry) -> Path:
    """The published file of an entry, downloaded if necessary.

    Raises:
        FileNotFoundError: the manifest says why there is none, or the file is missing.
        DigestError: the file is another one.
    """
    if entry.url is not None:
        return fetch(read_address(entry.url, entry.sha256), size=entry.bytes)
    if entry.file is None:
        raise FileNotFoundError(
            f'{entry.name}: the zoo describes these weights, but no copy is available: {entry.why}. '
            f'Remedy: train the network: {entry.training()}'
        )
    path = zoo_folder() / entry.file
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: the weights of {entry.name} are not beside the manifest. Remedy: run git checkout -- {path}, or '
            'reinstall the package.'
        )
    require_sha256(path, entry.sha256)
    return path


def _close(text: str) -> str:
    """' (did you mean …?)' if a name of the zoo is similar."""
    found = get_close_matches(text.lower(), _names(), n=3, cutoff=0.6) if '/' not in text else []
    return f' (did you mean {" or ".join(found)}?)' if found else ''


def _names() -> list[str]:
    """Names of the zoo, for advice; an unreadable manifest must not prevent the use of local files."""
    try:
        return list(read_manifest())
    except ManifestError:
        return []
