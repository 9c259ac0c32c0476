"""Re-encode videos for training: MPEG-4 Part 2 in .mp4, an I-frame every 12 frames, no B-frames.

    python tools/prepare_videos.py videos/ prepared/ --workers 8
    python tools/prepare_videos.py trainlist.txt prepared/ --root videos/ --profile coviar
    python tools/prepare_videos.py videos/ prepared/ --shard 1/4        # and 2/4, 3/4, 4/4 on other machines
    python tools/prepare_videos.py UCF-101/ data/ucf101/videos --dataset ucf101 --lists ucfTrainTestlist/
    python tools/prepare_videos.py videos/ prepared/ --flow             # TV-L1 optical flow too

A folder is searched to its bottom for files with the suffix of a video container that the reader accepts; what else is
there is counted by suffix, on the screen and in report.json. In a list, every name is a video: a line is
"relative/path.mp4 label", spaces or tabs before the label, which may be absent; the list is UTF-8. A comma separates
nothing.

DST gets the videos under their own paths, an annotation list of those that are ready (all.txt, or the name of
the list given as SRC), classes.txt where SRC has class folders, and report.json.  A video takes its name only when
it was decoded again and found complete, so the run may be stopped at any time and started again: it skips what is
there.  Several runs may work on one DST at once, such as parts of one folder: a video that another run is at work on
is waited for.  With --flow a video is ready when its optical flow is there too, beside it as name.flow.npz; this takes
hundreds of times as long, Ctrl-C waits for the videos at work, and the report says what it cost, next to the cost of
reading the motion vectors.

With --dataset, LISTS is the folder of the data set's own lists as it was downloaded. They are checked first; when all
videos are done, the lists that the configs read are written beside DST: {train,test}_split{1,2,3}.txt of UCF101 and
HMDB51, {train,val}.txt of Kinetics, classes.txt. Videos are found by file name, in whatever folders. On a
finished folder this only checks and writes lists; once SRC is gone, give DST in its place.

Broken videos do not stop the run; the report names them, short ones and those missing from SRC.  Exit code 0 if any
video is ready, 1 if none is or the lists are wrong, 2 for arguments that make no sense, 130 after Ctrl-C.
"""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from cmvl_mm.datasets.sampling import pretraining_span, pretraining_words
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.flow_cost import summarise
from cmvl_mm.prepare.list_parsers import ListError
from cmvl_mm.prepare.locks import claim, wait_for_any
from cmvl_mm.prepare.matching import Matched, check_classes, match, write_dataset_lists
from cmvl_mm.prepare.official import DATASETS, read_dataset_lists
from cmvl_mm.prepare.process_pool import WorkersCannotStart
from cmvl_mm.prepare.run import Motion, Outcome, prepare_all, ready_sources
from cmvl_mm.prepare.sources import Listing, find_in_folder, find_in_list, write_list
from cmvl_mm.video.encode import PROFILES

PRETRAINING = (16, 4, 2, 8)  # the paper's clip, stride and motion, the release's gap
PRETRAINING_FRAMES = pretraining_span(*PRETRAINING)  # 71: pretraining leaves shorter videos out
PROGRESS_SECONDS = 5
SHOWN = 20  # names of a kind on the screen; the report has all


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
        help='paper: own size; coviar: 340x256, best quality; small: short side 128 (default: %(default)s);'
        ' docs/colours.md says what becomes of rotation, shape, colours and times',
    )
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, help='processes (default: %(default)s)')
    parser.add_argument('--shard', type=_shard, default=(1, 1), metavar='I/N', help='the Ith of N parts, from 1')
    parser.add_argument('--flow', action='store_true', help='compute TV-L1 optical flow of each video; slow')
    parser.add_argument('--dataset', choices=sorted(DATASETS), help='write the lists of this data set, too')
    parser.add_argument('--lists', type=Path, help="folder of the data set's own lists")
    parser.add_argument('--own-lists', action='store_true', help='LISTS was changed on purpose: do not check it')
    arguments = parser.parse_args(argv)
    if not arguments.src.exists():
        parser.error(f'{arguments.src}: there is no such folder or list')
    if arguments.src.is_dir() and arguments.root:
        parser.error('--root belongs to an annotation list, and SRC is a folder')
    if (arguments.dataset is None) != (arguments.lists is None) or (arguments.own_lists and not arguments.dataset):
        parser.error('--dataset and --lists go together; --own-lists needs both')
    if arguments.dataset and not arguments.src.is_dir():
        parser.error('--dataset prepares a folder, and SRC is a list')
    if arguments.workers < 1:
        parser.error(f'--workers: at least 1, not {arguments.workers}')
    arguments.root = arguments.root or (arguments.src if arguments.src.is_dir() else arguments.src.parent)
    src, dst = arguments.src.resolve(), arguments.dst.resolve()
    finished = src == dst and (dst / 'profile.txt').is_file()
    if dst.is_relative_to(arguments.root.resolve()) and not finished:
        parser.error(f'{arguments.dst} lies in {arguments.root}; results among sources would be prepared again')
    return arguments


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition('/')
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f'{text!r} is not I/N with 1 <= I <= N')
    return int(index), int(count)


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


def write_report(arguments: argparse.Namespace, outcomes: list[Outcome], listing: Listing, extra: dict) -> None:
    """report.json, and its summary on the screen; `extra` is what there is to say about the data set."""
    failed = [{'path': o.source.path, **o.failure._asdict()} for o in outcomes if o.failure] + [
        {'path': path, 'stage': stage, 'reason': reason, 'remedy': remedy}
        for stage, remedy, pairs in (
            ('name', 'Rename the file or mend its line in the list, or leave it out', listing.refused),
            ('folder', 'Give yourself the permission to read it', listing.unread),
        )
        for path, reason in pairs
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
        'not_taken': {
            kind: {'files': len(paths), 'such_as': paths[:SHOWN]} for kind, paths in listing.not_taken.items()
        },
        **extra,
    }
    if arguments.flow:
        report['flow'] = summarise([o.cost for o in ready if o.cost])
    name = _list_name(arguments) + ('' if count == 1 else f'_{index}of{count}')
    path = arguments.dst / ('report.json' if name == 'all' else f'report_{name}.json')
    text = json.dumps(report, indent=2, ensure_ascii=False)
    # A path that is not UTF-8 comes out as JSON's own escape.
    replace_text(path, text.encode('utf-8', 'backslashreplace').decode() + '\n')
    print(f'{len(ready)} ready, {len(failed)} failed, {len(short)} with fewer than {PRETRAINING_FRAMES} frames')
    if short:
        print(
            f"The paper's pretraining leaves those out: {pretraining_words(*PRETRAINING)}. Configs of other clips need "
            'other numbers: configs/demo and configs/own 41. The rest uses all videos.'
        )
    if arguments.flow:
        print('flow: ' + ', '.join(f'{key} {value}' for key, value in report['flow'].items()))
    show_names('failed', [f'{item["path"]}: {item["stage"]}: {item["reason"]}. {item["remedy"]}.' for item in failed])
    show_names('short', [f'{item["path"]}: {item["frames"]} frames' for item in short])
    show_names('missing', extra.get('missing', []))
    print(f'all of it in {path}')


def show_not_taken(listing: Listing, src: Path) -> None:
    """What the search left out, so that nobody loses videos without a word."""
    kinds = sorted(listing.not_taken.items(), key=lambda item: -len(item[1]))
    if kinds:
        counts = ', '.join(f'{len(paths)} {kind}' for kind, paths in kinds[:SHOWN])
        more = f' and {len(kinds) - SHOWN} more kinds' if len(kinds) > SHOWN else ''
        print(f'not taken for videos: {counts}{more}; names are in the report, and a list as SRC takes every name')
    if not listing.sources:
        print(f'there is no video in {src}')
    loose = [source.path for source in listing.sources if '/' not in source.path]
    if src.is_dir() and 0 < len(loose) < len(listing.sources):
        print(f'the folders give no labels: {len(loose)} videos lie in none of them, such as {loose[0]}')


def show_names(title: str, names: list[str]) -> None:
    for name in names[:SHOWN]:
        print(f'  {title}: {name}')
    if len(names) > SHOWN:
        print(f'  {title}: and {len(names) - SHOWN} more')


def read_lists(arguments: argparse.Namespace, listing: Listing) -> Matched:
    """The data set's lists, checked before anything is prepared, and the videos that they name."""
    try:
        lists = read_dataset_lists(
            arguments.dataset, arguments.lists, origin='own' if arguments.own_lists else 'official'
        )
        matched = match(listing.sources, lists)
        check_classes(matched, arguments.dst.parent)
    except (OSError, ListError) as error:
        sys.exit(str(error))
    print(f'{arguments.lists}: {lists.check}', flush=True)
    return matched


def finish_dataset(arguments: argparse.Namespace, matched: Matched, outcomes: list[Outcome]) -> dict:
    """Write the lists; what there is to report about the data set."""
    ready = {outcome.source.target for outcome in outcomes if not outcome.failure}
    counts = write_dataset_lists(matched, arguments.dst.parent, ready=ready)
    for name, (written, listed) in counts.items():
        print(f'{arguments.dst.parent / name}: {written} of {listed} videos')
    print(f'{len(matched.missing)} missing from {arguments.src}, {len(matched.unlisted)} on no list')
    return {
        'dataset': arguments.dataset,
        'lists': {'folder': str(arguments.lists), 'check': matched.lists.check},
        'written': {name: {'videos': written, 'listed': listed} for name, (written, listed) in counts.items()},
        'missing': matched.missing,
        'unlisted': matched.unlisted,
    }


def _list_name(arguments: argparse.Namespace) -> str:
    return 'all' if arguments.src.is_dir() else arguments.src.stem


def check_profile(dst: Path, profile: str) -> None:
    """One folder holds one profile: a second run with another one would keep the first one's files."""
    record = dst / 'profile.txt'
    try:
        dst.mkdir(parents=True, exist_ok=True)
        while True:
            with claim(dst, record.name) as state:  # of two first runs, one writes
                if state != 'taken':
                    if not record.exists():
                        replace_text(record, f'{profile}\n')
                    found = record.read_text().strip()
                    break
            wait_for_any(dst, [record.name])
    except OSError as error:
        sys.exit(f'{dst} cannot be written: {error}. Remedy: choose a folder that can.')
    if found != profile:
        sys.exit(f'{dst} holds videos of the profile {found!r}, not {profile!r}: choose another folder')
    if state == 'no locks':
        print(f'{dst} has no file locks: two runs at once may prepare a video twice, and *.part files are not removed')


def check_optflow() -> None:
    """TV-L1 is in OpenCV's contributed modules, which are easily lost: said before any work starts."""
    from cmvl_mm.prepare.tvl1 import require_optflow

    try:
        require_optflow()
    except ImportError as error:
        sys.exit(f'--flow: {error}')


def main(argv: list[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')  # names hold what some terminals cannot show
    arguments = parse_arguments(argv)
    src, dst, root = arguments.src, arguments.dst, arguments.root
    if arguments.flow:
        check_optflow()
    motion: Motion = 'flow' if arguments.flow else 'vectors'
    try:
        listing = find_in_folder(src) if src.is_dir() else find_in_list(src, root)
    except (OSError, ValueError) as error:  # SRC cannot be read, or is no list
        sys.exit(str(error))
    matched = read_lists(arguments, listing) if arguments.dataset else None
    if matched:  # labels and classes by folder would contradict the data set's
        listing = replace(listing, classes=(), sources=tuple(replace(s, label=None) for s in listing.sources))
    check_profile(dst, arguments.profile)
    index, count = arguments.shard
    mine = list(listing.sources[index - 1 :: count])
    print(f'{len(listing.sources)} videos in {src}, {len(mine)} of them in this run', flush=True)
    show_not_taken(listing, src)
    outcomes: list[Outcome] = []
    stopped = False
    try:
        stream = prepare_all(root, dst, arguments.profile, motion, mine, arguments.workers)
        outcomes.extend(show_progress(stream, len(mine)))
    except WorkersCannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        stopped = True
        print('stopped; the same command goes on from here', flush=True)
    whole = not stopped and count == 1  # the lists of a part would be taken for the data set's
    # What other shards have finished by now is on the list too; the last of them completes it.
    write_list(dst / f'{_list_name(arguments)}.txt', ready_sources(dst, motion, listing.sources, outcomes))
    if listing.classes:
        replace_text(dst / 'classes.txt', ''.join(f'{name}\n' for name in listing.classes))
    extra = finish_dataset(arguments, matched, outcomes) if matched and whole else {}
    write_report(arguments, outcomes, listing, extra)
    if matched and count > 1:
        print('when all parts are done, the same command without --shard writes the lists')
    if stopped:
        return 130
    nothing_to_do = bool(listing.sources) and not mine  # more shards than videos
    return 0 if nothing_to_do or any(outcome.failure is None for outcome in outcomes) else 1


if __name__ == '__main__':
    sys.exit(main())
