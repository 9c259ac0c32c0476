"""The outcome of each video of a run: report.json, and its summary in lines."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cmvl_mm.datasets.sampling import pretraining_span, pretraining_words
from cmvl_mm.prepare.flow_cost import summarise
from cmvl_mm.prepare.sources import Listing
from cmvl_mm.prepare.tally import Tally
from cmvl_mm.video.encode import PROFILES
from cmvl_mm.workflows.prepare_request import PrepareRequest

PRETRAINING = (16, 4, 2, 8)  # the paper's clip length, stride and motion frames, the release's gap
PRETRAINING_FRAMES = pretraining_span(*PRETRAINING)  # 71: pretraining leaves out shorter videos
SHOWN = 20  # names of each kind in the summary; the report has all names


def report_of(request: PrepareRequest, tally: Tally, listing: Listing, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of report.json.

    Args:
        extra: facts about the data set.
    """
    failed = [{'path': source.path, **failure._asdict()} for source, failure in tally.failed()] + [
        {'path': path, 'stage': stage, 'reason': reason, 'remedy': remedy, 'machine': ''}
        for stage, remedy, pairs in (
            ('name', 'Rename the file, correct its line in the list, or remove it', listing.refused),
            ('folder', 'Get permission to read this folder', listing.unread),
        )
        for path, reason in pairs
    ]
    index, count = request.shard
    report = {
        'source': str(request.src),
        'profile': {'name': request.profile, **asdict(PROFILES[request.profile])},
        'shard': f'{index}/{count}',
        'ready': tally.num_ready,
        'frames': tally.num_frames,
        'failed': failed,
        'short': [
            {'path': source.target, 'frames': frames} for source, frames in tally.ready(below=PRETRAINING_FRAMES)
        ],
        'not_taken': {
            kind: {'files': len(paths), 'such_as': paths[:SHOWN]} for kind, paths in listing.not_taken.items()
        },
        **extra,
    }
    if request.flow:
        report['flow'] = summarise(tally.costs)
    return report


def summary_of(report: Mapping[str, Any]) -> Iterator[str]:
    """The summary of a report as lines for the screen."""
    failed, short = report['failed'], report['short']
    yield f'{report["ready"]} ready, {len(failed)} failed, {len(short)} with fewer than {PRETRAINING_FRAMES} frames'
    if short:
        yield (
            f"The paper's pretraining leaves these out: {pretraining_words(*PRETRAINING)}. Configs with other clips "
            'need other numbers: configs/demo and configs/own need 41. All else uses every video.'
        )
    if 'flow' in report:
        yield 'flow: ' + ', '.join(f'{key} {value}' for key, value in report['flow'].items())
    yield from _names('failed', [_told(one) for one in failed])
    yield from _names('short', [f'{one["path"]}: {one["frames"]} frames' for one in short])
    yield from _names('missing', report.get('missing', []))


def _told(one: Mapping[str, str]) -> str:
    """A failure as one line, which names the machine if it is not this one."""
    where = '' if one['machine'] in ('', platform.node()) else f' (on {one["machine"]})'
    return f'{one["path"]}: {one["stage"]}: {one["reason"]}{where}. {one["remedy"]}.'


def found_of(listing: Listing, request: PrepareRequest, mine: int) -> Iterator[str]:
    """Lines on the videos found, before the work, and on files that the search left out, so none is lost silently.

    Args:
        mine: number of videos of this part.
    """
    yield f'{len(listing.sources)} videos in {request.src}, {mine} of them in this run'
    kinds = sorted(listing.not_taken.items(), key=lambda item: -len(item[1]))
    if kinds:
        counts = ', '.join(f'{len(paths)} {kind}' for kind, paths in kinds[:SHOWN])
        more = f' and {len(kinds) - SHOWN} more kinds' if len(kinds) > SHOWN else ''
        yield f'ignored: {counts}{more}; the report names them. To use them as videos, pass a list as SRC'
    if not listing.sources:
        yield f'no videos in {request.src}'
    loose = sum('/' not in path for path in listing.sources.paths()) if request.src.is_dir() else 0
    if 0 < loose < len(listing.sources):
        first = next(path for path in listing.sources.paths() if '/' not in path)
        yield f'no labels: {loose} videos are not in a class folder, such as {first}'


def _names(title: str, names: Sequence[str]) -> Iterator[str]:
    for name in names[:SHOWN]:
        yield f'  {title}: {name}'
    if len(names) > SHOWN:
        yield f'  {title}: and {len(names) - SHOWN} more'
