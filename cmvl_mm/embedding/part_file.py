"""One part of a folder of parts: a file of embeddings that also records its videos and which of them failed."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmvl_mm.embedding.block_plan import Block
from cmvl_mm.embedding.embeddings import (
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    Failure,
    read_footer,
    write_embeddings,
)
from cmvl_mm.embedding.unwritable import telling_which
from cmvl_mm.embedding.video_rows import VideoRows, joined

KEY = b'cmvl_mm.part'
"""Key of the schema's metadata: JSON with the fields of `PartFacts`."""

FileState = tuple[int, int] | None
"""Size in bytes and modification time in nanoseconds of a video; None if it does not exist."""


class Failed(NamedTuple):
    """A video of the part that has no rows."""

    failure: Failure
    file: FileState
    """State of the video at that time: if it changes, the video is tried again."""
    machine: str
    """Network name of the machine that tried to read it."""


class PartFacts(NamedTuple):
    """What a part records besides its rows."""

    digest: str
    """SHA-256 of the paths and labels of its videos."""
    failed: tuple[Failed, ...]
    stretched: tuple[str, ...]
    """Videos shorter than a clip."""
    videos: int
    """Number of videos that have rows."""


def write_part(
    path: Path, block: Block, outcomes: Sequence[VideoRows | Failure], meta: EmbeddingsMeta, channels: int
) -> PartFacts:
    """Write the rows of a block in its order; the file appears complete or not at all.

    Args:
        path: path of the part.
        block: the block of these videos.
        outcomes: outcome of each of its videos, in order.
        meta: meta data of the rows.
        channels: channels of the network, for a part without rows.

    Raises:
        EmbeddingsError: the file cannot be written; it names this machine.
    """
    root = Path(meta.root)
    pairs = list(zip(block.paths, outcomes, strict=True))
    done = {name: outcome for name, outcome in pairs if isinstance(outcome, VideoRows)}
    facts = PartFacts(
        digest=block.digest,
        failed=tuple(
            Failed(outcome, file_state(root / name), platform.node())
            for name, outcome in pairs
            if isinstance(outcome, Failure)
        ),
        stretched=tuple(name for name, rows in done.items() if rows.stretched),
        videos=len(done),
    )
    rows = joined(done, dict(zip(block.paths, block.labels, strict=True)), meta)
    if not done:
        rows = Embeddings(rows.paths, rows.starts, rows.ends, rows.labels, np.empty((0, channels), np.float32), meta)
    with telling_which(path):
        write_embeddings(path, rows, {KEY: _stored(facts)})
    return facts


def read_facts(path: Path) -> tuple[EmbeddingsMeta, PartFacts, int]:
    """The origin of the rows, the facts, and the number of rows; reads no row.

    Raises:
        FileNotFoundError: there is no such part.
        EmbeddingsError: the file is not a part, or is damaged.
    """
    meta, parquet = read_footer(path)
    try:
        stored = json.loads((parquet.metadata or {})[KEY])
        failed = tuple(
            Failed(Failure(*failure), state and tuple(state), machine) for failure, state, machine in stored['failed']
        )
        facts = PartFacts(stored['digest'], failed, tuple(stored['stretched']), stored['videos'])
    except (KeyError, ValueError, TypeError) as error:
        raise EmbeddingsError(
            f'{path}: not a part of a features folder: {error!r}. Remedy: pass a folder that `cmvl embed` has written.'
        ) from error
    return meta, facts, parquet.num_rows


def told_of(failed: Failed) -> Failure:
    """The failure; it names the machine if that was another one, whose file may differ."""
    if failed.machine in ('', platform.node()):
        return failed.failure
    return failed.failure._replace(reason=f'{failed.failure.reason} (on {failed.machine})')


def file_state(path: Path) -> FileState:
    """The present state of a video file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def has_changed(facts: PartFacts, paths: Iterable[str], root: Path, written: int) -> bool:
    """Whether a video changed after its part was written, or the file of a failed video changed.

    Args:
        facts: facts of the part.
        paths: paths of its videos, below `root`.
        root: root of the videos.
        written: time when the part was written, in nanoseconds.
    """
    failed = {one.failure.path: one.file for one in facts.failed}
    for name in paths:
        now = file_state(root / name)
        if name in failed:
            if now != failed[name]:
                return True
        elif now is not None and now[1] > written:
            return True
    return False


def _stored(facts: PartFacts) -> bytes:
    return json.dumps(facts._asdict()).encode()
