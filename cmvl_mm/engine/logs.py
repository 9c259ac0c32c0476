"""Read from a work directory: training curves, validations during training, and test figures."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

Row = dict[str, float]


def _rows(work_dir: str | Path) -> Iterator[Row]:
    """Every logged row of all runs in a work directory, oldest run first.

    A killed process or a full disk leaves part of a line, and another row may follow on the same line. The part is
    skipped with a warning.
    """
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for number, line in enumerate(path.read_bytes().split(b'\n'), start=1):
            if not line.strip():
                continue
            row = _row_in(line)
            if row is None:
                row = _row_in(line[line.rfind(b'{') :])  # rows have no other braces
                logging.getLogger(__name__).warning('%s, line %d: skipped an incomplete row', path, number)
            if row is not None:
                yield row


def _row_in(text: bytes) -> Row | None:
    """The row that a line holds; None for any other line."""
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) and 'step' in row else None


def read_curves(work_dir: str | Path) -> list[Row]:
    """Training rows of all runs in a work directory by step; for a step that ran twice, the later row counts."""
    rows = {int(row['step']): row for row in _rows(work_dir) if 'loss' in row}
    return [rows[step] for step in sorted(rows)]


def read_validations(work_dir: str | Path) -> dict[int, Row]:
    """Figures of the validations during training by epoch, counted from 1; of two in one epoch, the later counts."""
    return {int(row['step']): row for row in _rows(work_dir) if 'loss' not in row}


def epoch_mean(rows: list[Row], key: str, epoch: int) -> float:
    """Mean over the logged training rows of one epoch, counted from 1.

    Raises:
        KeyError: the epoch has no row with this key.
    """
    values = [row[key] for row in rows if row['epoch'] == epoch and key in row]
    if not values:
        raise KeyError(f'epoch {epoch} has no training row with {key!r}')
    return sum(values) / len(values)


def newest_test(work_dir: str | Path) -> Path:
    """The file of figures of the newest test run in a work directory.

    Raises:
        FileNotFoundError: no test has finished there.
    """
    for path in sorted(Path(work_dir).glob('*/*.json'), reverse=True):
        if path.stem == path.parent.name:  # only files of a run: preparing videos also writes JSON files
            return path
    raise FileNotFoundError(f'{work_dir}: no finished test here. Remedy: run tools/test.py with --work-dir {work_dir}.')


def read_test(work_dir: str | Path) -> Row:
    """The figures of the newest test run in a work directory.

    Raises:
        FileNotFoundError: no test has finished there.
        ValueError: the file is damaged.
    """
    path = newest_test(work_dir)
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path}: the file has no test figures ({error}). Remedy: run tools/test.py again.') from None
