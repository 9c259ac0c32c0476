"""Prepare many videos in several processes; a broken one, or one that kills its process, stops nothing."""

import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from glob import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple

from cmvl_mm.video.encode import PROFILES, reencode
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.flow import flow_path
from cmvl_mm.video.flow_cost import FlowCost, make_flow
from cmvl_mm.video.sources import Source
from cmvl_mm.video.stream import CompressedVideo

Motion = Literal['vectors', 'flow']


class Outcome(NamedTuple):
    """What became of one video."""

    source: Source
    num_frames: int
    failure: tuple[str, str] | None  # stage, reason
    cost: FlowCost | None = None  # of flow that was made in this run


def prepare(root: Path, dst: Path, profile: str, motion: Motion, source: Source) -> Outcome:
    """Re-encode one video and make its flow, unless that is done; runs in a worker."""
    target = dst / source.target
    try:
        if target.exists():
            with CompressedVideo(target) as video:
                num_frames = video.num_frames
        else:
            # Left by a process that was killed; nobody else works on this video.
            for stale in target.parent.glob(f'{escape(target.name)}.*.part'):
                stale.unlink()
            num_frames = reencode(root / source.path, target, profile=PROFILES[profile])
        return Outcome(source, num_frames, None, make_flow(target) if motion == 'flow' else None)
    except VideoError as error:
        return Outcome(source, 0, (error.stage, error.reason))


def prepare_all(
    root: Path, dst: Path, profile: str, motion: Motion, sources: list[Source], workers: int
) -> Iterator[Outcome]:
    """Outcomes as they come.  A video that kills its process is found by running the suspects one by one."""
    waiting, suspects = deque(sources), deque[Source]()
    while waiting or suspects:
        alone = not waiting
        queue = suspects if alone else waiting
        slots = 1 if alone else workers
        running: dict[Future[Outcome], Source] = {}
        # spawn: nothing is inherited, on every system.  Ctrl-C is for the parent: workers end their video.
        pool = ProcessPoolExecutor(slots, get_context('spawn'), signal.signal, (signal.SIGINT, signal.SIG_IGN))
        try:
            while queue or running:
                while queue and len(running) < slots:
                    source = queue.popleft()
                    running[pool.submit(prepare, root, dst, profile, motion, source)] = source
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
        except BrokenProcessPool:
            if alone:
                (culprit,) = running.values()
                yield Outcome(culprit, 0, ('decode', 'the process that worked on it died'))
            else:
                suspects.extend(running.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def ready_sources(dst: Path, motion: Motion, sources: Iterable[Source], outcomes: Iterable[Outcome]) -> list[Source]:
    """Those whose files are all in their places, which they take when complete, and that did not fail just now."""
    failed = {outcome.source for outcome in outcomes if outcome.failure}
    return [
        source
        for source in sources
        if source not in failed
        and (dst / source.target).exists()
        and (motion == 'vectors' or Path(flow_path(dst / source.target)).is_file())
    ]
