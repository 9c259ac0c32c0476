"""Re-encode many videos in several processes; a broken one, or one that kills its process, stops nothing."""

import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from glob import escape
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from cmvl_mm.video.encode import PROFILES, reencode
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.sources import Source
from cmvl_mm.video.stream import CompressedVideo


class Outcome(NamedTuple):
    """What became of one video."""

    source: Source
    num_frames: int
    failure: tuple[str, str] | None  # stage, reason


def prepare(root: Path, dst: Path, profile: str, source: Source) -> Outcome:
    """Re-encode one video, unless that is done; runs in a worker."""
    target = dst / source.target
    try:
        if not target.exists():
            # Left by a process that was killed; nobody else works on this video.
            for stale in target.parent.glob(f'{escape(target.name)}.*.part'):
                stale.unlink()
            return Outcome(source, reencode(root / source.path, target, profile=PROFILES[profile]), None)
        with CompressedVideo(target) as video:
            return Outcome(source, video.num_frames, None)
    except VideoError as error:
        return Outcome(source, 0, (error.stage, error.reason))


def prepare_all(root: Path, dst: Path, profile: str, sources: list[Source], workers: int) -> Iterator[Outcome]:
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
                    running[pool.submit(prepare, root, dst, profile, source)] = source
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
