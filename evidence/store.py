"""Finished runs, one small JSON file each, so that a suite that was stopped goes on with the next."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rows import REPOSITORY, WORK

from cmvl_mm.video.sources import replace_text
from cmvl_mm.visualization.origin import short_commit

PUBLISHED = REPOSITORY / 'evidence/results.json'
"""The results behind EVIDENCE.md, in the repository."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one row gave with one seed on one split."""

    row: str
    seed: int
    split: str
    figures: dict[str, float]
    minutes: float
    commit: str
    date: str

    @property
    def key(self) -> str:
        return f'{self.split}_{self.row}_{self.seed}'


def result(row: str, seed: int, split: str, figures: dict[str, float], minutes: float) -> Result:
    """A result of now."""
    rounded = {name: round(value, 3) for name, value in figures.items()}
    return Result(
        row=row, seed=seed, split=split, figures=rounded, minutes=round(minutes, 2), commit=short_commit(REPOSITORY),
        date=datetime.now(UTC).strftime('%Y-%m-%d'),
    )  # fmt: skip


def place(row: str, seed: int, split: str) -> Path:
    return WORK / 'results' / f'{split}_{row}_{seed}.json'


def is_done(row: str, seed: int, split: str) -> bool:
    return place(row, seed, split).exists()


def save(found: Result) -> None:
    """The file appears whole or not at all."""
    path = place(found.row, found.seed, found.split)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, asdict(found))


def publish(results: list[Result]) -> None:
    """All results in one file of the repository."""
    _write(PUBLISHED, [asdict(found) for found in sorted(results, key=lambda found: found.key)])


def load_published() -> list[Result]:
    return [Result(**found) for found in json.loads(PUBLISHED.read_text())]


def load_finished() -> list[Result]:
    """Every result that is on disk, by row and seed."""
    return [Result(**json.loads(path.read_text())) for path in sorted((WORK / 'results').glob('*.json'))]


def _write(path: Path, contents: object) -> None:
    replace_text(path, json.dumps(contents, indent=1) + '\n')
