"""A published network as a folder of weights, config and card, with the layout of a model repository.

model.safetensors   the weights
config.json         the model, its clips, its classes, the SHA-256 of the weights: plain data
README.md           the model card
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cmvl_mm.files.digest import FULL_SHA256
from cmvl_mm.zoo.manifest import listed, tupled

from .clips import Clips

WEIGHTS = 'model.safetensors'
CONFIG = 'config.json'
CARD = 'README.md'
FORMAT = 1
"""Version of the format of config.json; other versions are refused."""
_LARGEST = 10_000_000


class FolderError(ValueError):
    """The folder holds no published network; the message names file, value and remedy."""


class Folder(NamedTuple):
    """Contents of config.json."""

    model: dict[str, Any]
    """The recognizer's build dict; sequences are tuples."""
    clips: Clips
    classes: tuple[str, ...] | None
    sha256: str
    """SHA-256 of model.safetensors."""


def config_text(folder: Folder) -> str:
    """Text of config.json, in a fixed order."""
    contents = dict(
        library_name='cmvl_mm',
        format=FORMAT,
        model=listed(folder.model),
        clips=folder.clips._asdict(),
        classes=None if folder.classes is None else list(folder.classes),
        sha256=folder.sha256,
    )
    return json.dumps(contents, indent=2, ensure_ascii=False) + '\n'


def read_folder(path: Path) -> Folder:
    """Read config.json of a published folder. Nothing in the folder is run.

    Raises:
        FolderError: config.json is not one of ours, or is incomplete.
    """
    file = path / CONFIG
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError(f'more than {_LARGEST} bytes')
        contents = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f'{file}: cannot be read ({error}). Remedy: download the folder again.') from error
    if not isinstance(contents, Mapping) or contents.get('library_name') != 'cmvl_mm':
        raise FolderError(f'{file}: not written by cmvl_mm. Remedy: pass a folder of push_to_hub or save_folder.')
    if contents.get('format') != FORMAT:
        raise FolderError(f'{file}: format is {contents.get("format")!r}, but this version reads {FORMAT}. Remedy: use '
                          'another version of cmvl_mm.')  # fmt: skip
    model, clips, classes, sha256 = (contents.get(key) for key in ('model', 'clips', 'classes', 'sha256'))
    for key, fits, wanted in (
        ('model', isinstance(model, dict) and isinstance(model.get('type'), str), "the recognizer's build dict"),
        ('clips', _are_clips(clips), f'whole numbers for {", ".join(Clips._fields)}'),
        ('classes', classes is None or _are_names(classes), 'a list of names, or null'),
        ('sha256', isinstance(sha256, str) and FULL_SHA256.fullmatch(sha256) is not None, '64 hexadecimal digits'),
    ):
        if not fits:
            raise FolderError(f'{file}: {key} is {contents.get(key)!r}. Remedy: write {wanted}.')
    assert isinstance(model, dict)
    assert isinstance(clips, dict)
    names = None if classes is None else tuple(classes)
    return Folder(tupled(model), Clips(**clips), names, str(sha256))


def _are_clips(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == set(Clips._fields)
        and all(type(number) is int and 0 < number < 100_000 for number in value.values())
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(name, str) for name in value)
