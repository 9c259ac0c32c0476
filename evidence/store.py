"""Finished runs as small JSON files, so that a stopped suite resumes with the next run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmengine.config import Config
from rows import REPOSITORY, WORK

from cmvl_mm.datasets.stages import by_name
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.files.git import short_commit
from cmvl_mm.files.machine import cpu_name

PUBLISHED = REPOSITORY / 'evidence/results.json'
"""The results behind EVIDENCE.md, in the repository."""
RIVALS = REPOSITORY / 'evidence/rivals.json'
"""The results behind RIVALS.md: rows with `OF_RIVALS` in their names, see rival_rows.py."""
OF_RIVALS = 'rival_'
WRITTEN = (
    'EVIDENCE.md', 'RIVALS.md', 'evidence/results.json', 'evidence/rivals.json', 'evidence/rival_costs.json',
    'evidence/plots',
)  # fmt: skip
"""Files that a suite changes; the next suite in the same clone still counts as run at the commit."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The figures of one row with one seed on one split."""

    row: str
    seed: int
    split: str
    figures: dict[str, float]
    minutes: float
    settings: str  # see `digest`
    commit: str
    date: str
    machine: str

    @property
    def key(self) -> str:
        return f'{self.split}_{self.row}_{self.seed}'


def result(
    row: str, seed: int, split: str, figures: dict[str, float], minutes: float, settings: str, machine: str = ''
) -> Result:
    """A result with the current date, by default for this machine's processor."""
    rounded = {name: round(value, 3) for name, value in figures.items()}
    return Result(
        row=row, seed=seed, split=split, figures=rounded, minutes=round(minutes, 2), settings=settings,
        commit=short_commit(REPOSITORY, WRITTEN), date=datetime.now(UTC).strftime('%Y-%m-%d'),
        machine=machine or cpu_name(),
    )  # fmt: skip


def digest(*configs: Config) -> str:
    """Digest of all settings of some configs, to check that a result belongs to them.

    Stages are identified by names, as in the configs of the published results.
    """
    settings = json.dumps([by_name(config.to_dict()) for config in configs], sort_keys=True, default=repr)
    return hashlib.sha256(settings.encode()).hexdigest()[:12]


def place(row: str, seed: int, split: str) -> Path:
    return WORK / 'results' / f'{split}_{row}_{seed}.json'


def is_done(row: str, seed: int, split: str, settings: str, *, published: bool = False) -> bool:
    """Whether a row has its result here or, with `published`, a result of the same settings in the repository.

    Raises:
        RuntimeError: the row has a result of other settings here.
    """
    path = place(row, seed, split)
    if not path.exists():
        return published and (row, seed, split, settings) in {
            (found.row, found.seed, found.split, found.settings) for found in load_published(shelf(row))
        }
    if json.loads(path.read_text())['settings'] != settings:
        raise RuntimeError(
            f'{path}: the configs of this result have changed since. Remedy: delete or move it and the work '
            f'directories below {WORK} that made it; then it runs again.'
        )
    return True


def save(found: Result) -> None:
    """Save a result to its file atomically."""
    path = place(found.row, found.seed, found.split)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, asdict(found))


def shelf(row: str) -> Path:
    """The file of the repository for a row's results."""
    return RIVALS if OF_RIVALS in row else PUBLISHED


def publish(results: list[Result]) -> None:
    """Put results into their files of the repository; newer results and those of other rows and seeds stay."""
    for path in sorted({shelf(found.row) for found in results}):
        kept = {found.key: found for found in load_published(path)}
        kept |= {
            found.key: found
            for found in results
            if shelf(found.row) == path and (found.key not in kept or found.date >= kept[found.key].date)
        }
        _write(path, [asdict(kept[key]) for key in sorted(kept)])


def withdraw_others(path: Path, settings: Mapping[tuple[str, str], str]) -> None:
    """Remove results of older settings from a file of the repository, for rows with a result of newer settings.

    Args:
        path: path of the file.
        settings: (row, split) -> the newer digest; other rows stay unchanged.
    """
    found = load_published(path)
    newer = {
        (each.row, each.split) for each in found if settings.get((each.row, each.split)) == each.settings
    }  # fmt: skip
    kept = [
        each for each in found
        if (each.row, each.split) not in newer or each.settings == settings[each.row, each.split]
    ]  # fmt: skip
    if len(kept) < len(found):
        _write(path, [asdict(each) for each in kept])


def load_published(path: Path | None = None) -> list[Result]:
    """The results in a file of the repository, by default `PUBLISHED`; empty before the first run."""
    path = path or PUBLISHED
    return [Result(**found) for found in json.loads(path.read_text())] if path.exists() else []


def load_finished() -> list[Result]:
    """Every result on disk, by row and seed."""
    return [Result(**json.loads(path.read_text())) for path in sorted((WORK / 'results').glob('*.json'))]


def _write(path: Path, contents: object) -> None:
    replace_text(path, json.dumps(contents, indent=1) + '\n')
