"""Test the networks of level basic on unseen real video: 23 clips of four people, see real_video.py."""

from collections.abc import Sequence
from pathlib import Path

from jobs import Job, train
from real_video import FALLS, prepare, read_out, read_out_name, settings_of_read_out
from rival_rows import Entry
from rows import Row
from store import is_done


def falls_jobs(chosen: Sequence[Entry], seeds: Sequence[int], videos: Path, *, published: bool) -> list[Job]:
    """One read-out per row of level basic and seed.

    Args:
        chosen: rows; rows of other levels are left out.
        seeds: seeds of the trainings.
        videos: FOLDER/{fall,adl}/SubjectN_*.mp4.
        published: whether results in the repository count.
    """
    root = prepare(videos)
    rows = [(entry.name, entry.row) for entry in chosen if entry.row.level == 'basic']
    return [
        (f'{name}, {row.name}, seed {seed}, real video', lambda row=row, seed=seed: _read(row, seed, root, published))
        for seed in seeds
        for name, row in rows
    ]


def settings_on_falls(chosen: Sequence[Entry]) -> dict[str, str]:
    """Name of a read-out -> digest of its settings, which do not depend on the seed."""
    rows = [entry.row for entry in chosen if entry.row.level == 'basic']
    return {read_out_name(row): settings_of_read_out(row, 0, FALLS) for row in rows}


def _read(row: Row, seed: int, root: Path, published: bool) -> None:
    """Read out a row; a row whose result was taken over from the evidence has no weights here and is trained first."""
    if is_done(read_out_name(row), seed, 'test', settings_of_read_out(row, seed, root), published=published):
        return
    if row.train is not None:
        train(row, seed, 'falls')
    read_out(row, seed, root)
