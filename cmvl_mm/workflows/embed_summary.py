"""What a run of `embed` did, in numbers and in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cmvl_mm.workflows.embed_store import notes_of
from cmvl_mm.workflows.embeddings import Embeddings

_SHOWN = 3


def summary_of(found: Embeddings, out: Path) -> dict[str, Any]:
    """Counts, and where the files are; plain data."""
    notes = notes_of(out)
    return dict(
        out=str(out) if len(found) else None,
        videos=len(np.unique(found.paths)),
        clips=len(found),
        channels=found.vectors.shape[1],
        labels=len({label for label in found.labels if label is not None}),
        failed=len(found.failures),
        stretched=len(json.loads(notes.read_text(encoding='utf-8'))['stretched']),
        notes=str(notes),
        failures=[failure._asdict() for failure in found.failures],
        model=found.meta.model,
        sha256=found.meta.sha256,
    )


def counted(number: int, what: str) -> str:
    """'1 video', '2 videos'."""
    return f'{number} {what}{"" if number == 1 else "s"}'


def told(summary: dict[str, Any]) -> str:
    """A line of counts, and the first failures."""
    lines = [
        f'{counted(summary["clips"], "clip")} of {counted(summary["videos"], "video")}, '
        f'{summary["channels"]} channels, {counted(summary["labels"], "label")}; '
        f'{counted(summary["failed"], "video")} failed'
        + (f', {summary["stretched"]} shorter than a clip (frames repeat)' if summary['stretched'] else '')
        + (f' -> {summary["out"]}' if summary['out'] else '; nothing is written')
    ]
    for failure in summary['failures'][:_SHOWN]:
        lines.append(f'  {failure["path"]}: {failure["stage"]}: {failure["reason"]}. {failure["remedy"]}.')
    if summary['failed'] > _SHOWN:
        lines.append(f'  and {summary["failed"] - _SHOWN} more')
    if summary['failed'] or summary['stretched']:
        lines.append(f'  all in {summary["notes"]}')
    return '\n'.join(lines)
