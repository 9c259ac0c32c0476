"""Re-encode videos for training: MPEG-4 Part 2 in .mp4, an I-frame every 12 frames, no B-frames.

    python tools/prepare_videos.py videos/ prepared/ --workers 8
    python tools/prepare_videos.py trainlist.txt prepared/ --root videos/ --profile coviar
    python tools/prepare_videos.py videos/ prepared/ --shard 1/4        # and 2/4, 3/4, 4/4 on other machines
    python tools/prepare_videos.py videos/ prepared/ --flow             # TV-L1 optical flow too

DST gets the videos under their own paths, an annotation list of those that are ready (all.txt, or the name of
the list given as SRC), classes.txt where SRC has class folders, and report.json.  A video takes its name only when
it was decoded again and found complete, so the run may be stopped at any time and started again: it skips what is
there.  With --flow a video is ready when its optical flow is there too, beside it as name.flow.npz; this takes
hundreds of times as long, Ctrl-C waits for the videos at work, and the report says what it cost, next to the cost of
reading the motion vectors.

Broken videos do not stop the run; the report names them.  Exit code 0 if any video is ready, 1 if none is, 2 for
arguments that make no sense, 130 after Ctrl-C.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from glob import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.encode import PROFILES, reencode
from cmvl_mm.video.flow import flow_path
from cmvl_mm.video.flow_cost import FlowCost, make_flow, summarise
from cmvl_mm.video.sources import Source, find_in_folder, find_in_list, replace_text, write_list

PRETRAINING_FRAMES = 71  # a clip and its future: shorter videos are left out of pretraining
PROGRESS_SECONDS = 5


Motion = Literal['vectors', 'flow']


class Outcome(NamedTuple):
    """What became of one video."""

    source: Source
    num_frames: int
    failure: tuple[str, str] | None  # stage, reason
    cost: FlowCost | None = None  # of flow that was made in this run


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('src', type=Path, help='a folder, searched to its bottom, or an annotation list')
    parser.add_argument('dst', type=Path, help='folder for the result, outside SRC')
    parser.add_argument('--root', type=Path, help="folder of a list's videos; default: where the list lies")
    parser.add_argument(
        '--profile',
        choices=sorted(PROFILES),
        default='paper',
        help='paper: own size; coviar: 340x256, best quality; small: short side 128 (default: %(default)s)',
    )
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, help='processes (default: %(default)s)')
    parser.add_argument('--shard', type=_shard, default=(1, 1), metavar='I/N', help='the Ith of N parts, from 1')
    parser.add_argument('--flow', action='store_true', help='compute TV-L1 optical flow of each video; slow')
    arguments = parser.parse_args(argv)
    if not arguments.src.exists():
        parser.error(f'{arguments.src}: there is no such folder or list')
    if arguments.src.is_dir() and arguments.root:
        parser.error('--root belongs to an annotation list, and SRC is a folder')
    if arguments.workers < 1:
        parser.error(f'--workers: at least 1, not {arguments.workers}')
    arguments.root = arguments.root or (arguments.src if arguments.src.is_dir() else arguments.src.parent)
    if arguments.dst.resolve().is_relative_to(arguments.root.resolve()):
        parser.error(f'{arguments.dst} lies in {arguments.root}; results among sources would be prepared again')
    return arguments


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition('/')
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f'{text!r} is not I/N with 1 <= I <= N')
    return int(index), int(count)


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


def show_progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes through, and print how far the run is and when it will end."""
    begin = shown = time.monotonic()
    failed = 0
    for done, outcome in enumerate(outcomes, start=1):
        failed += outcome.failure is not None
        now = time.monotonic()
        if now - shown >= PROGRESS_SECONDS or done == total:
            shown = now
            rate = done / max(now - begin, 1e-9)
            left = time.strftime('%H:%M:%S', time.gmtime((total - done) / rate))
            print(f'{done}/{total} videos, {rate:.1f}/s, {failed} failed, {left} left', flush=True)
        yield outcome


def write_report(arguments: argparse.Namespace, outcomes: list[Outcome], refused: list[tuple[str, str]]) -> None:
    """report.json, and its summary on the screen."""
    failed = [{'path': o.source.path, 'stage': o.failure[0], 'reason': o.failure[1]} for o in outcomes if o.failure] + [
        {'path': path, 'stage': 'name', 'reason': reason} for path, reason in refused
    ]
    ready = [o for o in outcomes if not o.failure]
    short = [{'path': o.source.target, 'frames': o.num_frames} for o in ready if o.num_frames < PRETRAINING_FRAMES]
    index, count = arguments.shard
    report = {
        'source': str(arguments.src),
        'profile': {'name': arguments.profile, **asdict(PROFILES[arguments.profile])},
        'shard': f'{index}/{count}',
        'ready': len(ready),
        'frames': sum(o.num_frames for o in ready),
        'failed': failed,
        'short': short,
    }
    if arguments.flow:
        report['flow'] = summarise([o.cost for o in ready if o.cost])
    name = _list_name(arguments) + ('' if count == 1 else f'_{index}of{count}')
    path = arguments.dst / ('report.json' if name == 'all' else f'report_{name}.json')
    replace_text(path, json.dumps(report, indent=2, ensure_ascii=False) + '\n')
    print(f'{len(ready)} ready, {len(failed)} failed, {len(short)} with fewer than {PRETRAINING_FRAMES} frames')
    if arguments.flow:
        print('flow: ' + ', '.join(f'{name} {value}' for name, value in report['flow'].items()))
    for item in failed[:20]:
        print(f'  {item["path"]}: {item["stage"]}: {item["reason"]}')
    print(f'all of it in {path}')


def _list_name(arguments: argparse.Namespace) -> str:
    return 'all' if arguments.src.is_dir() else arguments.src.stem


def check_profile(dst: Path, profile: str) -> None:
    """One folder holds one profile: a second run with another one would keep the first one's files."""
    record = dst / 'profile.txt'
    dst.mkdir(parents=True, exist_ok=True)
    if not record.exists():
        replace_text(record, f'{profile}\n')
    if (found := record.read_text().strip()) != profile:
        sys.exit(f'{dst} holds videos of the profile {found!r}, not {profile!r}: choose another folder')


def check_optflow() -> None:
    """TV-L1 is in OpenCV's contributed modules, which are easily lost: said before any work starts."""
    from cmvl_mm.video.tvl1 import require_optflow

    try:
        require_optflow()
    except ImportError as error:
        sys.exit(f'--flow: {error}')


def ready_sources(dst: Path, motion: Motion, sources: Iterable[Source], outcomes: Iterable[Outcome]) -> list[Source]:
    """Those whose files are all in their places, which they take when complete, and that did not fail just now."""
    failed = {outcome.source for outcome in outcomes if outcome.failure}
    return [
        source
        for source in sources
        if source not in failed
        and (dst / source.target).exists()
        and (motion == 'vectors' or os.path.isfile(flow_path(dst / source.target)))
    ]


def main(argv: list[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    src, dst, root = arguments.src, arguments.dst, arguments.root
    if arguments.flow:
        check_optflow()
    check_profile(dst, arguments.profile)
    listing = find_in_folder(src) if src.is_dir() else find_in_list(src, root)
    index, count = arguments.shard
    mine = list(listing.sources[index - 1 :: count])
    print(f'{len(listing.sources)} videos in {src}, {len(mine)} of them in this run', flush=True)
    motion: Motion = 'flow' if arguments.flow else 'vectors'
    outcomes: list[Outcome] = []
    stopped = False
    try:
        stream = prepare_all(root, dst, arguments.profile, motion, mine, arguments.workers)
        outcomes.extend(show_progress(stream, len(mine)))
    except KeyboardInterrupt:
        stopped = True
        print('stopped; the same command goes on from here', flush=True)
    # What other shards have finished by now is on the list too; the last of them completes it.
    write_list(dst / f'{_list_name(arguments)}.txt', ready_sources(dst, motion, listing.sources, outcomes))
    if listing.classes:
        replace_text(dst / 'classes.txt', ''.join(f'{name}\n' for name in listing.classes))
    write_report(arguments, outcomes, list(listing.refused))
    if stopped:
        return 130
    nothing_to_do = bool(listing.sources) and not mine  # more shards than videos
    return 0 if nothing_to_do or any(outcome.failure is None for outcome in outcomes) else 1


if __name__ == '__main__':
    sys.exit(main())
