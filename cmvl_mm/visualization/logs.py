"""What a work directory remembers: training curves and test figures."""

import json
from pathlib import Path

Row = dict[str, float]


def read_curves(work_dir: str | Path) -> list[Row]:
    """Training rows of all runs in a work directory by step; of a step that was run twice, the later row counts."""
    rows: dict[int, Row] = {}
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if 'loss' in row:
                rows[int(row['step'])] = row
    return [rows[step] for step in sorted(rows)]


def read_test(work_dir: str | Path) -> Row:
    """The figures of the newest test run in a work directory.

    Raises:
        FileNotFoundError: no test has finished there.
    """
    for path in sorted(Path(work_dir).glob('*/*.json'), reverse=True):
        return json.loads(path.read_text())
    raise FileNotFoundError(f'{work_dir}: no finished test here. Remedy: run tools/test.py with --work-dir {work_dir}.')
