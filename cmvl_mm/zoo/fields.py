"""Valid values of each field of the manifest, and the remedies for other values."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from cmvl_mm.files.digest import FULL_SHA256

NAME = re.compile(r'[a-z0-9]+(?:[_-][a-z0-9]+)*')
"""Pattern of an entry's name: lower case, so that file systems agree; no dot or slash, so it never reads as a path."""
Networks = Literal['backbone', 'whole']
TrainedOn = Literal['controlled videos', 'real videos']
"""Kind of training videos: drawn by a program (discs over textures), or recorded."""
Rule = tuple[Callable[[Any], bool], str]
"""A check of a value, and a description of valid values."""


class ManifestError(ValueError):
    """An invalid manifest; the message names file, entry, field, value and remedy."""


def checked(raw: Any, rules: Mapping[str, Rule], optional: frozenset[str], source: str) -> dict[str, Any]:
    """Check that a mapping has only fields of the rules, all that are not optional, and valid values.

    Raises:
        ManifestError: the mapping is invalid.
    """
    if not isinstance(raw, dict):
        raise ManifestError(f'{source}: is a {type(raw).__name__}. Remedy: write a mapping of {", ".join(rules)}.')
    if missing := [name for name in rules if name not in raw and name not in optional]:
        raise ManifestError(
            f'{source}: lacks {", ".join(missing)}. Remedy: write the entry with tools/publish_model.py.'
        )
    if unknown := sorted(map(str, raw.keys() - rules.keys())):
        raise ManifestError(f'{source}: unknown fields: {", ".join(unknown)}. Remedy: use only {", ".join(rules)}.')
    for name, value in raw.items():
        fits, wanted = rules[name]
        if not fits(value):
            raise ManifestError(f'{source}: {name} is {value!r}. Remedy: write {wanted}.')
    return dict(raw)


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _list_of(fits: Callable[[Any], bool], least: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(fits, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_size(value: Any) -> bool:
    return _is_count(value) and value > 0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _are_metrics(value: Any) -> bool:
    return _is_mapping(value) and bool(value) and all(_is_text(name) and _is_number(value[name]) for name in value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return all(map(_is_plain, value)) if isinstance(value, list) else isinstance(value, (str, int, float, type(None)))


def _is_model(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get('type'), str) and _is_plain(value)


def _is_networks(value: Any) -> bool:
    return value in get_args(Networks)


def _is_trained_on(value: Any) -> bool:
    return value in get_args(TrainedOn)


_CONFIG: Rule = (_matches(r'(?:\w+/)*\w+\.py'), 'the path of a config below configs/, such as demo/retrieval.py')
_OPTIONS: Rule = (_list_of(_matches(r'[\w.]+=\S+')), 'a list of KEY=VALUE, as for --cfg-options')
_TEXT: Rule = (_is_text, 'a line of text')

OF_A_TEST: dict[str, Rule] = {
    'config': _CONFIG,
    'options': _OPTIONS,
    'protocol': _TEXT,
    'metrics': (_are_metrics, 'numbers by the names that the test prints'),
}
OF_AN_ENTRY: dict[str, Rule] = {
    'name': (_matches(NAME.pattern), 'lower-case letters and digits, with _ or - between them'),
    'what': _TEXT,
    'trained_on': (_is_trained_on, f'one of {", ".join(get_args(TrainedOn))}'),
    'config': _CONFIG,
    'options': _OPTIONS,
    'networks': (_is_networks, f'one of {", ".join(get_args(Networks))}'),
    'model': (_is_model, "the recognizer's build dict, plain data"),
    'tests': (_list_of(_is_mapping, 1), 'a list of at least one test'),
    'seeds': (_list_of(_is_count, 1), 'a list of whole numbers, first the seed of these weights'),
    'log': (_matches(r'[\w-]+(?:\.[\w-]+)*\.json'), 'the name of a .json beside the manifest'),
    'commit': (_matches(r'[0-9a-f]{40}(?:\+changes)?|unknown'), "all 40 digits of a commit, or 'unknown'"),
    'date': (_matches(r'\d{4}-\d\d-\d\d'), "a quoted date, '2026-01-31'"),
    'device': _TEXT,
    'sha256': (_matches(FULL_SHA256.pattern), 'all 64 hexadecimal digits, lower case, quoted'),
    'bytes': (_is_size, 'the size of the file of weights'),
    'file': (_matches(r'[\w-]+(?:\.[\w-]+)*\.safetensors'), 'the name of a .safetensors beside the manifest'),
    'url': (_matches(r'(?:https|hf)://[^\s#]+'), 'https://… or hf://owner/repo/file; the digest has its own field'),
    'why': _TEXT,
}
PLACES = ('file', 'url', 'why')
"""An entry has exactly one of these."""
