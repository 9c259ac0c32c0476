"""The zoo's manifest: which weights were published, where they are, and the results measured with them."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from .fields import OF_A_TEST, OF_AN_ENTRY, PLACES, ManifestError, Networks, TrainedOn, checked

FOLDER_VARIABLE = 'CMVL_MM_ZOO'
MANIFEST = 'manifest.yml'
LARGEST_BUNDLED = 10_000_000
"""Largest size in bytes of a weights file next to the manifest, in the repository and in the wheel."""


@dataclass(frozen=True, kw_only=True)
class TestedBy:
    """One test of the weights."""

    config: str
    """Config of the test, below configs/, such as 'demo/retrieval.py'."""
    options: tuple[str, ...]
    """Its `--cfg-options`, KEY=VALUE each."""
    protocol: str
    metrics: dict[str, float]
    """Results by the names that the test prints."""

    def command(self, name: str) -> str:
        """The command that computes these results."""
        return _command('tools/test.py', f'configs/{self.config}', name, *_as_options(self.options))

    def installed_command(self, name: str) -> str:
        """The command in an installation without a checkout."""
        return shlex.join(['cmvl', 'test', self.config.removesuffix('.py'), name, *_as_options(self.options)])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Published weights."""

    name: str
    what: str
    """Description: which networks, and the length and data of their training."""
    trained_on: TrainedOn
    """'controlled videos' are drawn by a program; weights trained only on them are of little use on real videos."""
    config: str
    """Config of the training, below configs/."""
    options: tuple[str, ...]
    """The `--cfg-options` of the training, KEY=VALUE each."""
    networks: Networks
    """'backbone': only the V-Network. 'whole': with all heads and their target networks."""
    model: dict[str, Any]
    """Build dict of the recognizer that has exactly these weights, as in its config; sequences are tuples."""
    tests: tuple[TestedBy, ...]
    seeds: tuple[int, ...]
    """Seeds of the runs from which these weights were chosen; the first one is theirs."""
    log: str
    """Name of the JSON next to the manifest that holds the training curves."""
    commit: str
    """Commit that trained them; with '+changes' if the tree was modified, 'unknown' if none was recorded."""
    date: str
    device: str
    sha256: str
    bytes: int
    file: str | None = None
    """Name of the weights file next to the manifest, or"""
    url: str | None = None
    """the address to download it from, `https://…` or `hf://owner/repo/file`, or"""
    why: str | None = None
    """the reason why no copy is available."""

    def caution(self) -> str | None:
        """A warning about their use on real videos; None if there is none."""
        if self.trained_on == 'controlled videos':
            return (
                f'{self.name} is trained on drawn discs only, those of `make demo`; for real videos, pretrain your '
                'own: cmvl pretrain FOLDER.'
            )
        return None

    def training(self) -> str:
        """The command for a training like theirs."""
        return _command('tools/train.py', f'configs/{self.config}', *_as_options(self.options))


def _command(*words: str) -> str:
    return shlex.join(['python', *words])


def _as_options(options: tuple[str, ...]) -> list[str]:
    return ['--cfg-options', *options] if options else []


def zoo_folder() -> Path:
    """Folder of the manifest and its files: the package's, or the one that CMVL_MM_ZOO names."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(__file__).parent)


class UnknownModelError(LookupError):
    """A name that is not in the zoo; the message lists the names that are."""

    def __str__(self) -> str:
        return str(self.args[0])


def find_entry(name: str) -> Entry:
    """The entry of a model.

    Raises:
        UnknownModelError: there is no such model.
    """
    found = read_manifest()
    if name not in found:
        listed = ', '.join(found) or 'none, the zoo is empty'
        raise UnknownModelError(f'{name!r}: the zoo has no such model. Remedy: choose from: {listed}.')
    return found[name]


def read_manifest(folder: Path | None = None) -> dict[str, Entry]:
    """The entries by name.

    Args:
        folder: folder of the manifest; None takes `zoo_folder()`.

    Raises:
        ManifestError: there is no manifest, or it is invalid.
    """
    path = (zoo_folder() if folder is None else folder) / MANIFEST
    try:
        contents = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(
            f'{path}: cannot be read as a manifest ({" ".join(str(error).split())}). Remedy: set {FOLDER_VARIABLE} to '
            f'a folder with a {MANIFEST}, or unset it to use the one of the package.'
        ) from error
    return _entries(contents, path)


def manifest_of(entries: Mapping[str, Entry], folder: Path) -> str:
    """The text of a folder's manifest with these entries; the comment at its head stays.

    Raises:
        ManifestError: the text could not be read back.
    """
    path = folder / MANIFEST
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    head = ''.join(line for line in lines if line.startswith('#'))
    plain = [{name: value for name, value in asdict(entry).items() if value is not None} for entry in entries.values()]
    text = head + yaml.safe_dump(
        {'entries': listed(plain)}, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None
    )
    _entries(yaml.safe_load(text), path)
    return text


def parse_entry(raw: Any, source: str) -> Entry:
    """Parse one entry of a manifest.

    Args:
        raw: the entry as YAML data.
        source: file and position, for messages.

    Raises:
        ManifestError: the entry is invalid; the message names source, field, value and remedy.
    """
    if isinstance(raw, dict) and isinstance(raw.get('name'), str):
        source = f'{source} ({raw["name"]})'
    values = checked(raw, OF_AN_ENTRY, frozenset(PLACES), source)
    places = [name for name in PLACES if name in values]
    if len(places) != 1:
        raise ManifestError(
            f'{source}: has {" and ".join(places) or "no place"}. Remedy: write exactly one of file (beside the '
            'manifest), url and why (no copy is available).'
        )
    if 'file' in values and values['bytes'] > LARGEST_BUNDLED:
        raise ManifestError(
            f'{source}: bytes is {values["bytes"]}, but a file beside the manifest has at most {LARGEST_BUNDLED}. '
            'Remedy: write url or why instead of file.'
        )
    tests = [
        TestedBy(**tupled(checked(test, OF_A_TEST, frozenset(), f'{source}: test {number}')))
        for number, test in enumerate(values['tests'], start=1)
    ]
    return Entry(**(tupled(values) | dict(tests=tuple(tests))))


def _entries(contents: Any, path: Path) -> dict[str, Entry]:
    if not isinstance(contents, dict) or set(contents) != {'entries'} or not isinstance(contents['entries'], list):
        raise ManifestError(
            f"{path}: not a manifest. Remedy: write a mapping with one key, 'entries', and a list as its value."
        )
    entries: dict[str, Entry] = {}
    for place, raw in enumerate(contents['entries'], start=1):
        entry = parse_entry(raw, f'{path}: entry {place}')
        if entry.name in entries:
            raise ManifestError(
                f'{path}: entry {place} ({entry.name}): the name is already used. Remedy: choose another name.'
            )
        entries[entry.name] = entry
    return entries


def tupled(value: Any) -> Any:
    """Lists as tuples at any depth, as configs write sequences and networks are built."""
    if isinstance(value, Mapping):
        return {key: tupled(item) for key, item in value.items()}
    return tuple(map(tupled, value)) if isinstance(value, (list, tuple)) else value


def listed(value: Any) -> Any:
    """Tuples as lists at any depth, as YAML writes sequences."""
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items()}
    return list(map(listed, value)) if isinstance(value, (list, tuple)) else value
