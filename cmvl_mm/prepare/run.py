"""Prepare many videos in several processes; a broken one, or one that kills its process, stops nothing."""

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
    """No file can be written any more, so that every video after this one would fail, too."""


def prepare(root: Path, dst: Path, profile: str, motion: Motion, source: Source) -> Outcome | Literal['taken']:
    """Re-encode one video and make its flow, unless that is done; runs in a worker.

    Returns:
        What became of it; 'taken' if another run is at work on it.

    Raises:
        DiskRefuses: the disk is full, or cannot be written any more.
    """
    target = dst / source.target
    try:
        with claim(dst, source.target) as state:
            if state == 'taken':
                return 'taken'
            if state == 'mine':  # so these were left by a process that was killed
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
    """Raises DiskRefuses: that is what the error comes from."""
    if (refusal := disk_refusal(error)) is not None:
        raise DiskRefuses(f'{target} cannot be written on {platform.node()}: {refusal.strerror}')


def _failed(source: Source, stage: str, reason: str, remedy: str) -> Outcome:
    return Outcome(source, 0, Failure(stage, reason, remedy, platform.node()))


def _ready_frames(target: Path) -> int:
    """Frames of a prepared video; 0 where there is none, or what a power cut left of one."""
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
    """One outcome of each source, as they come.  Videos that another run is at work on are waited for at the end.

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
                    reason = 'the process that worked on it died, also when it ran alone'
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
    """Those whose files are all in their places, which they take when complete, and that did not fail just now."""
    return (
        source
        for source in sources
        if source.place not in tally.failures
        and os.path.exists(target := os.path.join(dst, source.target))
        and (motion == 'vectors' or os.path.isfile(flow_path(target)))
    )
