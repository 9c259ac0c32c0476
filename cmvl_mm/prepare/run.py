"""Prepare many videos in several processes; broken videos, and videos that kill a process, do not stop the run."""

import logging
import os
import platform
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from glob import escape
from pathlib import Path
from typing import Literal

from cmvl_mm.datasets.flow import flow_path
from cmvl_mm.prepare.flow_cost import make_flow
from cmvl_mm.prepare.locks import claim, wait_for_any
from cmvl_mm.prepare.process_pool import Pool, in_processes
from cmvl_mm.prepare.shared_folder import wait_until_seen
from cmvl_mm.prepare.source_list import Source
from cmvl_mm.prepare.tally import Failure, Outcome, Tally
from cmvl_mm.video.encode import PROFILES, reencode
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.replacing import disk_refusal
from cmvl_mm.video.stream import CompressedVideo

logger = logging.getLogger(__name__)

Motion = Literal['vectors', 'flow']


class DiskRefuses(RuntimeError):
    """No file can be written any more, so every later video would fail too."""


def prepare(root: Path, dst: Path, profile: str, motion: Motion, source: Source) -> Outcome | Literal['taken']:
    """Re-encode one video and make its flow, unless both are done; runs in a worker.

    Returns:
        The outcome; 'taken' if another run is working on the video.

    Raises:
        DiskRefuses: the disk is full or no longer writable.
    """
    target = dst / source.target
    try:
        with claim(dst, source.target) as state:
            if state == 'taken':
                return 'taken'
            if state == 'mine':  # so parts were left by a killed process
                _remove_parts(target)
            num_frames = _ready_frames(target) or reencode(root / source.path, target, profile=PROFILES[profile])
            return Outcome(source, num_frames, None, make_flow(target) if motion == 'flow' else None)
    except VideoError as error:
        _require_room(target, error)
        where = f'{target}: ' if error.stage == 'encode' else ''  # which of several disks is full
        return _failed(source, error.stage, where + error.reason, error.remedy)
    except MemoryError as error:
        remedy = 'Run with fewer --workers'
        return _failed(source, 'encode', f'{type(error).__name__}: {error}', remedy)
    except OSError as error:
        _require_room(target, error)
        remedy = f'Check the free space and the permissions of {target.parent}'
        return _failed(source, 'encode', f'{type(error).__name__}: {error}', remedy)


def _require_room(target: Path, error: BaseException) -> None:
    """Raise DiskRefuses if the disk is the cause of the error."""
    if (refusal := disk_refusal(error)) is not None:
        raise DiskRefuses(f'{target} cannot be written on {platform.node()}: {refusal.strerror}')


def _failed(source: Source, stage: str, reason: str, remedy: str) -> Outcome:
    return Outcome(source, 0, Failure(stage, reason, remedy, platform.node()))


def _ready_frames(target: Path) -> int:
    """Frames of a prepared video; 0 if it is missing or incomplete, as after a power failure."""
    if not target.exists():
        return 0
    try:
        with CompressedVideo(target) as video:
            return video.num_frames
    except VideoError:
        return 0


def _remove_parts(target: Path) -> None:
    for whole in (target.name, Path(flow_path(target)).name):
        for part in target.parent.glob(f'{escape(whole)}.*.part'):
            with suppress(FileNotFoundError):
                part.unlink()


def prepare_all(
    root: Path,
    dst: Path,
    profile: str,
    motion: Motion,
    sources: Sequence[Source],
    workers: int,
    pool: Pool = in_processes,
) -> Generator[Outcome]:
    """One outcome per source, in order of completion.  Videos of another run are waited for at the end.

    Raises:
        DiskRefuses: see `prepare`.
    """
    dst.mkdir(parents=True, exist_ok=True)
    remaining = sources
    while remaining:
        taken: list[Source] = []
        with closing(pool(partial(prepare, root, dst, profile, motion), remaining, workers)) as done:
            for source, outcome in done:
                if outcome == 'taken':
                    taken.append(source)
                elif outcome is None:
                    reason = 'the process that worked on the video died, even when it ran alone'
                    yield _failed(source, 'decode', reason, 'Fetch the file again, or leave it out')
                else:
                    if outcome.failure is None:
                        wait_until_seen(dst / source.target)
                    yield outcome
        remaining = taken
        if taken:
            logger.warning(
                'Waiting for %d videos that another run on %s is encoding, such as %s. To continue now, end that run.',
                len(taken),
                dst,
                taken[0].target,
            )
            wait_for_any(dst, [source.target for source in taken])


def ready_sources(dst: Path, motion: Motion, sources: Iterable[Source], tally: Tally) -> Iterator[Source]:
    """Sources whose files all exist under their final names, and so are complete, and that did not fail in this run."""
    return (
        source
        for source in sources
        if source.place not in tally.failures
        and os.path.exists(target := os.path.join(dst, source.target))
        and (motion == 'vectors' or os.path.isfile(flow_path(target)))
    )
