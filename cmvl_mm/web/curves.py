"""Training curves of a work directory, thinned for a page."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cmvl_mm.engine.logs import Row, read_curves, read_validations

MOST_POINTS = 400  # points per line
_GROUPS = (
    ('Losses', 'loss', ''),
    ('Accuracies', 'acc', '%'),
    ('Learning rate', 'lr', ''),
)
"""Title, prefix of the keys, unit."""
_BESIDE = frozenset({'step', 'epoch', 'iter', 'time', 'data_time', 'memory'})

Panel = dict[str, Any]


def stamp(work_dir: Path) -> str:
    """A text that changes when a log of the directory changes."""
    found = sorted(work_dir.glob('*/vis_data/scalars.json'))
    return ','.join(f'{status.st_mtime_ns}:{status.st_size}' for status in (path.stat() for path in found))


def read_panels(work_dir: Path) -> list[Panel]:
    """One panel per group of figures: ``title``, ``unit``, ``axis``, and ``lines`` of ``name`` and ``points`` (x, y).

    Accuracies are percent. A line with more than `MOST_POINTS` points shows means over neighbouring points, whose
    number is in the panel's ``mean_of``.
    """
    rows = read_curves(work_dir)
    panels = [_panel(title, unit, 'iteration', rows, _keys(rows, begin)) for title, begin, unit in _GROUPS]
    validations = [{**row, 'step': epoch} for epoch, row in sorted(read_validations(work_dir).items())]
    names = sorted({key for row in validations for key, value in row.items() if _is_figure(key, value)})
    panels.append(_panel('Validation', '', 'epoch', validations, names))
    return [panel for panel in panels if panel['lines']]


def _keys(rows: Sequence[Row], begin: str) -> list[str]:
    return sorted(
        {key for row in rows for key, value in row.items() if key.startswith(begin) and _is_figure(key, value)}
    )


def _is_figure(key: str, value: object) -> bool:
    return key not in _BESIDE and isinstance(value, int | float)


def _panel(title: str, unit: str, axis: str, rows: Sequence[Row], names: Sequence[str]) -> Panel:
    factor = 100 if unit == '%' else 1
    lines, mean_of = [], 1
    for name in names:
        points = [(row['step'], row[name] * factor) for row in rows if name in row]
        size = -(-len(points) // MOST_POINTS)
        mean_of = max(mean_of, size)
        lines.append(dict(name=name, points=_means(points, size), last=_finite(points[-1][1])))
    return dict(title=title, unit=unit, axis=axis, lines=lines, mean_of=mean_of)


def _means(points: Sequence[tuple[float, float]], size: int) -> list[tuple[float, float | None]]:
    """Means over runs of `size` points."""
    groups = [points[begin : begin + size] for begin in range(0, len(points), size)]
    means = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in groups]
    return [(x, _finite(y)) for x, y in means]


def _finite(value: float) -> float | None:
    """The value, or None (a gap in the line) for a value that JSON cannot hold, such as a diverged loss."""
    return value if math.isfinite(value) else None
