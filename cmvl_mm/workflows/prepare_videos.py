"""Re-encode a folder or list of videos for training; a stopped run can be restarted."""

import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.list_parsers import ListError
from cmvl_mm.prepare.locks import claim, wait_for_any
from cmvl_mm.prepare.matching import Matched, check_classes, match, write_dataset_lists
from cmvl_mm.prepare.official import read_dataset_lists
from cmvl_mm.prepare.process_pool import Pool, in_processes
from cmvl_mm.prepare.ray_pool import ray_pool
from cmvl_mm.prepare.run import DiskRefuses, prepare_all, ready_sources
from cmvl_mm.prepare.sources import Listing, find_in_folder, find_in_list, write_list
from cmvl_mm.prepare.tally import Outcome, Tally
from cmvl_mm.workflows.prepare_report import found_of, report_of, summary_of
from cmvl_mm.workflows.prepare_request import PrepareError, PrepareRequest

Say = Callable[[str], object]

_KEPT = (
    'Finished videos are kept. Remedy: free space or get permission, then repeat the command; or choose another folder.'
)


@dataclass(frozen=True)
class PrepareResult:
    """The result of a run."""

    report: dict[str, Any]
    """Contents of report.json."""
    path: Path
    """Path of report.json."""
    stopped: bool
    """Whether Ctrl-C stopped the run; the same request resumes it."""
    useful: bool
    """Whether any video is ready, or this part has no videos."""


def prepare_videos(
    request: PrepareRequest,
    *,
    say: Say = print,
    watch: Callable[[Iterator[Outcome], int], Iterator[Outcome]] = lambda outcomes, total: outcomes,
) -> PrepareResult:
    """Re-encode what `request` names into MPEG-4 Part 2 in .mp4, an I-frame every 12 frames, no B-frames.

    The videos are written to `request.dst` under their own paths, with an annotation list of the ready videos,
    classes.txt if the sources have class folders, and report.json. A video gets its final name only after it has been
    decoded again and found complete; existing videos are skipped. A broken video does not stop the run.

    Args:
        say: function that gets each line of progress.
        watch: function that passes on the outcomes as they arrive, with their number, such as a progress bar.

    Raises:
        PrepareError: sources or lists cannot be read, the result cannot be written, the folder has another profile, or
            OpenCV has no optical flow.
        WorkersCannotStart: no process can be started.
        ClusterError: there is no Ray cluster at the address, or one of its machines cannot do this work.
        ModuleNotFoundError: Ray is requested and not installed.
    """
    if request.flow:
        _require_optflow()
    listing = _found(request)
    matched = _matched(request, listing, say) if request.dataset is not None else None
    if matched:  # labels and classes by folder would contradict the data set's
        listing = replace(listing, classes=(), sources=listing.sources.without_labels())
    check_profile(request.dst, request.profile, say)
    index, count = request.shard
    mine = listing.sources[index - 1 :: count]
    for line in found_of(listing, request, len(mine)):
        say(line)
    tally = Tally(listing.sources)
    stopped = False
    try:
        root, dst = request.root.absolute(), request.dst.absolute()  # a worker may have another working directory
        with _pool(request, [root, dst]) as (pool, workers):
            stream = prepare_all(root, dst, request.profile, request.motion, mine, workers, pool)
            with closing(stream):
                for outcome in watch(stream, len(mine)):
                    tally.add(outcome)
    except DiskRefuses as error:
        raise PrepareError(f'{error}. {_KEPT}') from error
    except KeyboardInterrupt:
        stopped = True
        say('stopped; repeat the command to resume')
    whole = not stopped and count == 1  # lists of a part would be mistaken for those of the data set
    with _writing(request.dst):
        # The list also has what other shards have finished by now; the last shard completes it.
        ready = ready_sources(request.dst, request.motion, listing.sources, tally)
        write_list(request.dst / f'{request.list_name}.txt', ready)
        if listing.classes:
            replace_text(request.dst / 'classes.txt', ''.join(f'{name}\n' for name in listing.classes))
        extra = _finish_dataset(request, matched, tally, say) if matched and whole else {}
        report = report_of(request, tally, listing, extra)
        text = json.dumps(report, indent=2, ensure_ascii=False)
        # A path that is not UTF-8 is written with JSON's own escape.
        replace_text(request.report_path, text.encode('utf-8', 'backslashreplace').decode() + '\n')
    for line in (*summary_of(report), f'full report: {request.report_path}'):
        say(line)
    if matched and count > 1:
        say('when all shards are done, repeat the command without --shard to write the lists')
    nothing_to_do = bool(listing.sources) and not mine  # more shards than videos
    useful = nothing_to_do or tally.num_ready > 0
    return PrepareResult(report, request.report_path, stopped, useful)


def check_profile(dst: Path, profile: str, say: Say) -> None:
    """Refuse a second profile in a folder: the run would keep the files of the first profile.

    Raises:
        PrepareError: the folder holds another profile, or is not writable.
    """
    record = dst / 'profile.txt'
    with _writing(dst):
        dst.mkdir(parents=True, exist_ok=True)
        while True:
            with claim(dst, record.name) as state:  # of two first runs, one writes
                if state != 'taken':
                    if not record.exists():
                        replace_text(record, f'{profile}\n')
                    found = record.read_text().strip()
                    break
            wait_for_any(dst, [record.name])
    if found != profile:
        raise PrepareError(
            f'{dst} contains videos of the profile {found!r}, not {profile!r}. Remedy: choose another folder.'
        )
    if state == 'no locks':
        say(f'{dst} has no file locks: two runs at once may prepare a video twice, and *.part files are not removed')


@contextmanager
def _writing(dst: Path) -> Iterator[None]:
    """A block that writes files to the folder. Raises PrepareError if that fails."""
    try:
        yield
    except OSError as error:
        raise PrepareError(f'{dst} cannot be written on {platform.node()}: {error}. {_KEPT}') from error


@contextmanager
def _pool(request: PrepareRequest, folders: list[Path]) -> Iterator[tuple[Pool, int]]:
    """The pool that runs the workers, and their number."""
    cores = os.cpu_count() or 1
    if request.engine == 'process':
        yield in_processes, cores if request.workers is None else request.workers
        return
    with ray_pool(request.address, request.workers, folders, local_workers=cores) as pool:
        yield pool, pool.workers


def _found(request: PrepareRequest) -> Listing:
    try:
        return find_in_folder(request.src) if request.src.is_dir() else find_in_list(request.src, request.root)
    except (OSError, ValueError) as error:  # it cannot be read, or is not a list
        raise PrepareError(str(error)) from error


def _matched(request: PrepareRequest, listing: Listing, say: Say) -> Matched:
    """The data set's lists, checked before any preparation, and the videos that they name."""
    assert request.dataset is not None
    assert request.lists is not None
    try:
        lists = read_dataset_lists(request.dataset, request.lists, origin='own' if request.own_lists else 'official')
        matched = match(listing.sources, lists)
        check_classes(matched, request.dst.parent)
    except (OSError, ListError) as error:
        raise PrepareError(str(error)) from error
    say(f'{request.lists}: {lists.check}')
    return matched


def _finish_dataset(request: PrepareRequest, matched: Matched, tally: Tally, say: Say) -> dict[str, Any]:
    """Write the lists; returns facts about the data set for the report."""
    folder = request.dst.parent
    ready = {source.target for source, _ in tally.ready()}
    counts = write_dataset_lists(matched, folder, ready=ready)
    for name, (written, listed) in counts.items():
        say(f'{folder / name}: {written} of {listed} videos')
    say(f'{len(matched.missing)} missing from {request.src}, {len(matched.unlisted)} on no list')
    return {
        'dataset': request.dataset,
        'lists': {'folder': str(request.lists), 'check': matched.lists.check},
        'written': {name: {'videos': written, 'listed': listed} for name, (written, listed) in counts.items()},
        'missing': matched.missing,
        'unlisted': matched.unlisted,
    }


def _require_optflow() -> None:
    """Refuse to start without TV-L1, which is in OpenCV's contributed modules."""
    from cmvl_mm.prepare.tvl1 import require_optflow

    try:
        require_optflow()
    except ImportError as error:
        raise PrepareError(f'flow: {error}') from error
