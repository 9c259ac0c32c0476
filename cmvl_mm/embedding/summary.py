"""Summary of a run of `embed`, in numbers and in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cmvl_mm.embedding.embeddings import Embeddings
from cmvl_mm.embedding.folder import FolderRun
from cmvl_mm.embedding.parts_folder import FAILURES
from cmvl_mm.embedding.store import notes_of
from cmvl_mm.video.errors import NO_SUCH_FILE

_SHOWN = 3


def summary_of(found: Embeddings, out: Path) -> dict[str, Any]:
    """Counts and locations of the files, as plain data."""
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
        root=found.meta.root,
        model=found.meta.model,
        sha256=found.meta.sha256,
    )


def counted(number: int, what: str) -> str:
    """'1 video', '2 videos'."""
    return f'{number} {what}{"" if number == 1 else "s"}'


def told(summary: dict[str, Any]) -> str:
    """A line of counts, followed by the first failures."""
    lines = [
        f'{counted(summary["clips"], "clip")} of {counted(summary["videos"], "video")}, '
        f'{summary["channels"]} channels, {counted(summary["labels"], "label")}; '
        f'{counted(summary["failed"], "video")} failed'
        + (f', {summary["stretched"]} shorter than a clip (frames repeat)' if summary['stretched'] else '')
        + (f' -> {summary["out"]}' if summary['out'] else '; nothing is written')
    ]
    return '\n'.join([*lines, *_failures_of(summary)])


def summary_of_folder(run: FolderRun) -> dict[str, Any]:
    """The same for a folder of parts; counts are of the run's share."""
    return dict(
        out=str(run.folder),
        shard=str(run.shard),
        parts=run.parts,
        written=run.written,
        skipped=run.skipped,
        missing=run.missing,
        videos=run.videos,
        clips=run.clips,
        failed=len(run.failures),
        stretched=run.stretched,
        notes=str(run.folder / FAILURES),
        failures=[failure._asdict() for failure in run.failures],
        root=run.meta.root,
        model=run.meta.model,
        sha256=run.meta.sha256,
    )


def told_of_folder(summary: dict[str, Any]) -> str:
    """Lines of counts, followed by the first failures."""
    share = '' if summary['shard'] == '1/1' else f'shard {summary["shard"]}: '
    lines = [
        f'{share}{counted(summary["clips"], "clip")} of {counted(summary["videos"], "video")}; '
        f'{counted(summary["failed"], "video")} failed'
        + (f', {summary["stretched"]} shorter than a clip (frames repeat)' if summary['stretched'] else '')
        + f' -> {summary["out"]}',
        f'{counted(summary["written"], "part")} written, {summary["skipped"]} finished before'
        + (
            f'; {summary["missing"]} of {counted(summary["parts"], "part")} are missing; other shards write them'
            if summary['missing']
            else f'; the folder is complete with {counted(summary["parts"], "part")}'
        ),
    ]
    return '\n'.join([*lines, *_failures_of(summary)])


def _failures_of(summary: dict[str, Any]) -> list[str]:
    lines = [
        f'  {failure["path"]}: {failure["stage"]}: {failure["reason"]}. {failure["remedy"]}.'
        for failure in summary['failures'][:_SHOWN]
    ]
    if summary['failed'] > _SHOWN:
        lines.append(f'  and {summary["failed"] - _SHOWN} more')
    if any(failure['reason'] == NO_SUCH_FILE for failure in summary['failures']):
        lines.append(f'  searched in {summary["root"]}; for a list, pass another folder by --root')
    if summary['failed'] or summary['stretched']:
        lines.append(f'  all listed in {summary["notes"]}')
    return lines
