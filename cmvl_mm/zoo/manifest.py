"""The zoo's manifest: which weights were published, where they are, and the numbers that they gave."""

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
"""Bytes of the largest file of weights that may lie beside the manifest, in the repository and in the wheel."""


@dataclass(frozen=True, kw_only=True)
class TestedBy:
    """One test of the weights."""

    config: str
    """Below configs/, such as 'demo/retrieval.py'."""
    options: tuple[str, ...]
    """Its `--cfg-options`, KEY=VALUE each."""
    protocol: str
    metrics: dict[str, float]
    """By the names that the test prints."""

    def command(self, name: str) -> str:
        """What to type for these numbers."""
        return _command('tools/test.py', f'configs/{self.config}', name, *_as_options(self.options))

    def installed_command(self, name: str) -> str:
        """The same without a checkout."""
        return shlex.join(['cmvl', 'test', self.config.removesuffix('.py'), name, *_as_options(self.options)])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Published weights."""

    name: str
    what: str
    """In words: which networks, trained for how long and on what."""
    trained_on: TrainedOn
    """'controlled videos' came from a program; weights that saw nothing else are of little use on real ones."""
    config: str
    """That trained them; below configs/."""
    options: tuple[str, ...]
    """The `--cfg-options` of the training, KEY=VALUE each."""
    networks: Networks
    """'backbone': the V-Network alone. 'whole': with all heads and their target networks."""
    model: dict[str, Any]
    """The recognizer whose every weight they are, as its config has it; sequences are tuples."""
    tests: tuple[TestedBy, ...]
    seeds: tuple[int, ...]
    """Of the runs among which these weights were chosen; the first is their own."""
    log: str
    """Name of the JSON beside the manifest that has the curves of the training."""
    commit: str
    """That trained them; with '+changes' the tree was not wholly that, 'unknown' where nothing was recorded."""
    date: str
    device: str
    sha256: str
    bytes: int
    file: str | None = None
    """Name of the weights beside the manifest, or"""
    url: str | None = None
    """where they are fetched from, `https://…` or `hf://owner/repo/file`, or"""
    why: str | None = None
    """why no copy can be had."""

    def caution(self) -> str | None:
        """What to know before using them on real videos; None where nothing speaks against it."""
        if self.trained_on == 'controlled videos':
            return (
                f'{self.name} knows discs on textures only, as `make demo` draws them; for real videos pretrain your '
                'own: cmvl pretrain FOLDER.'
            )
        return None

    def training(self) -> str:
        """What to type for a training like theirs."""
        return _command('tools/train.py', f'configs/{self.config}', *_as_options(self.options))


def _command(*words: str) -> str:
    return shlex.join(['python', *words])


def _as_options(options: tuple[str, ...]) -> list[str]:
    return ['--cfg-options', *options] if options else []


def zoo_folder() -> Path:
    """Of the manifest and what lies beside it: the package's, or the one that CMVL_MM_ZOO names instead."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(__file__).parent)


class UnknownModelError(LookupError):
    """A name that is not in the zoo; the message lists those that are."""

    def __str__(self) -> str:
        return str(self.args[0])


def find_entry(name: str) -> Entry:
    """What the zoo says of a model.

    Raises:
        UnknownModelError: there is no such model.
    """
    found = read_manifest()
    if name not in found:
        listed = ', '.join(found) or 'none: it is empty'
        raise UnknownModelError(f'{name!r}: no model of the zoo. Remedy: one of {listed}.')
    return found[name]


def read_manifest(folder: Path | None = None) -> dict[str, Entry]:
    """The entries by name.

    Args:
        folder: of the manifest; None takes `zoo_folder()`.

    Raises:
        ManifestError: there is none, or it says what it must not.
    """
    path = (zoo_folder() if folder is None else folder) / MANIFEST
    try:
        contents = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(
            f'{path}: no readable manifest ({" ".join(str(error).split())}). Remedy: {FOLDER_VARIABLE} names a folder '
            f'with a {MANIFEST}; unset, it is the one of the package.'
        ) from error
    return _entries(contents, path)


def manifest_of(entries: Mapping[str, Entry], folder: Path) -> str:
    """What a folder's manifest is with these entries; the comment at its head stays.

    Raises:
        ManifestError: it could not be read again.
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
    """One entry of a manifest.

    Args:
        raw: what YAML holds.
        source: file and place, for messages.

    Raises:
        ManifestError: names source, field, value and remedy.
    """
    if isinstance(raw, dict) and isinstance(raw.get('name'), str):
        source = f'{source} ({raw["name"]})'
    values = checked(raw, OF_AN_ENTRY, frozenset(PLACES), source)
    places = [name for name in PLACES if name in values]
    if len(places) != 1:
        raise ManifestError(
            f'{source}: has {" and ".join(places) or "no place"}. Remedy: one of file (beside the manifest), url and '
            'why (no copy can be had).'
        )
    if 'file' in values and values['bytes'] > LARGEST_BUNDLED:
        raise ManifestError(
            f'{source}: bytes is {values["bytes"]}, but a file beside the manifest has at most {LARGEST_BUNDLED}. '
            'Remedy: url, or why.'
        )
    tests = [
        TestedBy(**tupled(checked(test, OF_A_TEST, frozenset(), f'{source}: test {number}')))
        for number, test in enumerate(values['tests'], start=1)
    ]
    return Entry(**(tupled(values) | dict(tests=tuple(tests))))


def _entries(contents: Any, path: Path) -> dict[str, Entry]:
    if not isinstance(contents, dict) or set(contents) != {'entries'} or not isinstance(contents['entries'], list):
        raise ManifestError(f"{path}: not a manifest. Remedy: a mapping with one key, 'entries', that holds a list.")
    entries: dict[str, Entry] = {}
    for place, raw in enumerate(contents['entries'], start=1):
        entry = parse_entry(raw, f'{path}: entry {place}')
        if entry.name in entries:
            raise ManifestError(f'{path}: entry {place} ({entry.name}): the name is taken. Remedy: another name.')
        entries[entry.name] = entry
    return entries


def tupled(value: Any) -> Any:
    """Lists as tuples, at any depth: how configs write sequences, and what networks are built from."""
    if isinstance(value, Mapping):
        return {key: tupled(item) for key, item in value.items()}
    return tuple(map(tupled, value)) if isinstance(value, (list, tuple)) else value


def listed(value: Any) -> Any:
    """Tuples as lists, at any depth: how YAML writes sequences."""
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items()}
    return list(map(listed, value)) if isinstance(value, (list, tuple)) else value
