"""One part of a folder of parts: a file of embeddings that also says which videos it stands for, and which failed."""

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
"""Of the schema's metadata: JSON, the fields of `PartFacts`."""

FileState = tuple[int, int] | None
"""Bytes and time of change, in nanoseconds, of a video; None where there is none."""


class Failed(NamedTuple):
    """A video of the part that has no row."""

    failure: Failure
    file: FileState
    """Of the video then: when it differs, the video is tried again."""
    machine: str
    """That tried to read it, by its name in the network."""


class PartFacts(NamedTuple):
    """What a part says beside its rows."""

    digest: str
    """SHA-256 of the paths and labels of its videos."""
    failed: tuple[Failed, ...]
    stretched: tuple[str, ...]
    """Videos shorter than a clip."""
    videos: int
    """That have rows."""


def write_part(
    path: Path, block: Block, outcomes: Sequence[VideoRows | Failure], meta: EmbeddingsMeta, channels: int
) -> PartFacts:
    """Write the rows of a block, in its order; the file appears whole or not at all.

    Args:
        path: of the part.
        block: whose videos these are.
        outcomes: of each of its videos, in its order.
        meta: of the rows.
        channels: of the network, for a part without rows.

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
    """Whose rows, the facts, and the number of rows; no row is read.

    Raises:
        FileNotFoundError: there is no such part.
        EmbeddingsError: it is none, or damaged.
    """
    meta, parquet = read_footer(path)
    try:
        stored = json.loads((parquet.metadata or {})[KEY])
        failed = tuple(
            Failed(Failure(*failure), state and tuple(state), machine) for failure, state, machine in stored['failed']
        )
        facts = PartFacts(stored['digest'], failed, tuple(stored['stretched']), stored['videos'])
    except (KeyError, ValueError, TypeError) as error:
        raise EmbeddingsError(f'{path}: no part of a folder: {error!r}. Remedy: a folder by `cmvl embed`.') from error
    return meta, facts, parquet.num_rows


def told_of(failed: Failed) -> Failure:
    """The failure, which names the machine where that was another one than this: its file may differ."""
    if failed.machine in ('', platform.node()):
        return failed.failure
    return failed.failure._replace(reason=f'{failed.failure.reason} (on {failed.machine})')


def file_state(path: Path) -> FileState:
    """Of a video, now."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def has_changed(facts: PartFacts, paths: Iterable[str], root: Path, written: int) -> bool:
    """Whether a video changed after its part was written, or one that failed is another file now.

    Args:
        facts: of the part.
        paths: of its videos, below `root`.
        root: of the videos.
        written: when the part was, in nanoseconds.
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
