"""Convert data samples to plain rows, and write rows to a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmaction.structures import ActionDataSample

from cmvl_mm.files.atomic import atomic_write, replace_text

Row = dict[str, Any]
SUFFIXES = ('.json', '.parquet')


class PredictionFileError(ValueError):
    """The format of a file of predictions is unknown."""


def row_of(name: str, sample: ActionDataSample, classes: Sequence[str] | None) -> Row:
    """The predictions for one video as plain data.

    Args:
        name: name of the input.
        sample: data sample with `feature` (C,), and with a classifier `pred_score` (classes,) and `pred_label`.
        classes: names of the classes, if known.

    Returns:
        `input`, and for a classifier `label` (a number), `name` (None if names are unknown), `score` (of that class,
        in 0 … 1) and `scores` (of all classes); otherwise `feature` (C numbers).
    """
    if 'pred_score' not in sample:
        return dict(input=name, feature=sample.feature.tolist())
    label = int(sample.pred_label)
    scores = sample.pred_score.tolist()
    return dict(
        input=name,
        label=label,
        name=None if classes is None else classes[label],
        score=scores[label],
        scores=scores,
    )


def require_suffix(path: Path) -> None:
    """Refuse a file of another format before the work begins.

    Raises:
        PredictionFileError: the name has another suffix.
    """
    if path.suffix not in SUFFIXES:
        raise PredictionFileError(f'{path}: the name of the file must end in {" or ".join(SUFFIXES)}.')


def write_rows(rows: Sequence[Row], path: Path, classes: Sequence[str] | None) -> None:
    """Write .json, `dict(classes=…, predictions=rows)`, or .parquet, one row per video with numbers as float32.

    Raises:
        PredictionFileError: the name has another suffix.
        OSError: the file cannot be written.
    """
    require_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = None if classes is None else list(classes)
    if path.suffix == '.json':
        replace_text(path, json.dumps(dict(classes=names, predictions=list(rows)), ensure_ascii=False) + '\n')
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = dict(
        input=pa.string(), label=pa.int64(), name=pa.string(), score=pa.float32(),
        scores=pa.list_(pa.float32()), feature=pa.list_(pa.float32()),
    )  # fmt: skip
    schema = pa.schema([(key, types[key]) for key in rows[0]], metadata={b'classes': json.dumps(names).encode()})
    with atomic_write(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema), temporary)
