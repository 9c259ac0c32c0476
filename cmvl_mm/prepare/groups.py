"""Find the recording of each video, from `--groups` or from the names."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from cmvl_mm.datasets.list_file import read_text

_SHOWN = 3
_NUMBER_AT_END = re.compile(r'[\W_]*(?<![A-Za-z0-9])\d+$')  # _13, -2024-01-03 in three steps; not the 1 of Subject1
_CLIP_AT_END = re.compile(r'(?:[\W_]+(?:c|clip|part|seg|segment|shot|scene|chunk)[\W_]*|)\d+$', re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    {'', 'clip', 'video', 'vid', 'movie', 'mov', 'img', 'dsc', 'part', 'segment', 'shot', 'scene'}
)
_RUNS = 10  # runs of neighbours, if a class is a single numbered series


class GroupsError(ValueError):
    """The given groups do not fit the videos; the message names both, with a remedy."""


def group_of(path: str) -> str:
    """The recording of a clip: its name without the numbers at the end.

    | path | group |
    |---|---|
    | `fall/Subject1_13.mp4`, `adl/Subject1_10.mp4` | `Subject1`: class folders do not divide a recording |
    | `v_Archery_g01_c03.avi` | `v_Archery_g01`: c, clip, part, seg, shot, scene and a number mark a clip |
    | `cam2_2024-01-03_12-30-00.mp4` | `cam2`: all numbers at the end are removed |
    | `cam1/fall/0001.mp4`, `cam1/fall/clip_7.mp4` | `cam1`: no text in the name, so the folders above the class |
    | `fall/0001.mp4`, `0001.mp4` | `fall`, `.`: the folder, as there is nothing else |

    Args:
        path: relative to the root, with '/'; the innermost folder is the class.
    """
    pure = PurePosixPath(path)
    stem = pure.stem
    shorter = _NUMBER_AT_END.sub('', stem)
    while shorter != stem and shorter:
        stem, shorter = shorter, _NUMBER_AT_END.sub('', shorter)
    if stem == pure.stem:
        stem = _CLIP_AT_END.sub('', stem)
    if shorter and stem.strip('_-. ').lower() not in _SAYS_NOTHING:
        return stem
    folders = pure.parts[:-2] or pure.parts[:-1]
    return '/'.join(folders) or stem or '.'


def by_name(paths: Sequence[str]) -> list[str]:
    """`group_of` of each path. If every class is one numbered series, it is cut into ten runs of neighbours. Then only
    two clips at a cut may be of one recording.

    Returns:
        Names of groups, in the order of the paths; a run is named by its first and last video.
    """
    groups = [group_of(path) for path in paths]
    classes: dict[str, set[str]] = {}
    for path, group in zip(paths, groups, strict=True):
        classes.setdefault(str(PurePosixPath(path).parent), set()).add(group)
    if any(len(found) > 1 for found in classes.values()):
        return groups
    cut = dict.fromkeys(paths, '')
    for folder in classes:
        members = sorted((path for path in paths if str(PurePosixPath(path).parent) == folder), key=_natural)
        for run in np.array_split(np.array(members, dtype=object), min(_RUNS, len(members))):
            name = f'{run[0]} … {run[-1]}' if len(run) > 1 else run[0]
            cut.update(dict.fromkeys(run, name))
    return [cut[path] for path in paths]


def _natural(path: str) -> list[tuple[int, str]]:
    """Sort key that puts clip 10 after clip 9."""
    return [(int(part), '') if part.isdecimal() else (0, part) for part in re.split(r'(\d+)', path)]


def groups_from(spec: str | None, paths: Sequence[str]) -> list[str]:
    """The group of each path, in the order of the paths.

    Args:
        spec: a regular expression, searched in each path, whose first pair of brackets is the group, such as
            '(Subject[0-9]+)'; a file that ends in .csv, with a line `path,group` for each video, where the suffix of
            the path may differ; None: by name, see `by_name`.
        paths: relative to the root, with '/'.

    Raises:
        GroupsError: the expression is invalid or has no brackets, the file is missing, or a video has no group.
    """
    if spec is None:
        return by_name(paths)
    return _from_csv(Path(spec), paths) if spec.lower().endswith('.csv') else _from_expression(spec, paths)


def _from_expression(spec: str, paths: Sequence[str]) -> list[str]:
    try:
        expression = re.compile(spec)
    except re.error as error:
        raise GroupsError(
            f'groups={spec!r} is not a regular expression: {error}. Remedy: pass one such as (Subject[0-9]+).'
        ) from None
    if not expression.groups:
        raise GroupsError(
            f'groups={spec!r} has no brackets. Remedy: put brackets around the part that names the group.'
        )
    found = [expression.search(path) for path in paths]
    groups = [match[1] if match and match[1] is not None else '' for match in found]
    _require_all(f'groups={spec!r}', groups, paths)
    return groups


def _from_csv(file: Path, paths: Sequence[str]) -> list[str]:
    if not file.is_file():
        raise GroupsError(
            f'{file}: there is no such file. Remedy: pass a file of lines "path,group", one for each video.'
        )
    try:
        rows = [row for row in csv.reader(read_text(file).splitlines()) if row]
    except (ValueError, csv.Error) as error:
        raise GroupsError(f'{file}: {error}. Remedy: write lines "path,group".') from None
    wrong = next((number for number, row in enumerate(rows, start=1) if len(row) != 2), None)
    if wrong is not None:
        raise GroupsError(
            f'{file}, row {wrong}: {rows[wrong - 1]} needs two columns. Remedy: write lines "path,group".'
        )
    by_path = {path.strip(): group.strip() for path, group in rows}
    by_stem = {_stem(path): group for path, group in by_path.items()}
    groups = [by_path.get(path, by_stem.get(_stem(path), '')) for path in paths]
    _require_all(str(file), groups, paths)
    return groups


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix('')) if PurePosixPath(path).name else path


def _require_all(source: str, groups: Sequence[str], paths: Sequence[str]) -> None:
    without = [path for path, group in zip(paths, groups, strict=True) if not group]
    if without:
        raise GroupsError(
            f'{source}: {len(without)} of {len(paths)} videos have no group, such as {", ".join(without[:_SHOWN])}. '
            'Remedy: give each video a group.'
        )
