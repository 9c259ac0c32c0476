"""`cmvl info`: what videos hold, as a table or as JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cmvl_mm.video.describe import VideoFacts
    from cmvl_mm.video.errors import VideoError

_COLUMNS = ('video', 'codec', 'size', 'frames', 'rate', 'key frames', 'B-frames', 'vectors', 'training')


@click.command(epilog='Example: cmvl info my_videos')
@click.argument('videos', nargs=-1, required=True, metavar='VIDEO...')
@click.option('--json', 'as_json', is_flag=True, help='Print all facts as a JSON list; a broken video has "error".')
def info(videos: tuple[str, ...], as_json: bool) -> None:
    """Describe videos: codec, size, frames, key frames, vectors, and whether they can be used for training.

    VIDEO is a file, a folder that is searched recursively, or a pattern in quotes. Each file is decoded, so the counts
    are exact; H.264 and prepared files are decoded twice. 100 frames of 720p take about 0.4 s, and the time is printed.
    The exit code is 1 if a video is broken; the others are still described.
    """
    import json

    from cmvl_mm.cli.quiet import index_untold
    from cmvl_mm.video.describe import describe
    from cmvl_mm.video.errors import VideoError

    found: list[VideoFacts | VideoError] = []
    with index_untold():
        for path in (one for name in videos for one in _files(name)):
            try:
                found.append(describe(path))
            except VideoError as error:
                found.append(error)
    if as_json:
        click.echo(json.dumps([_plain(entry) for entry in found], indent=2))
    elif len(found) == 1:
        click.echo(_sheet(found[0]))
    else:
        click.echo(_table(found))
    if any(isinstance(entry, VideoError) for entry in found):
        raise click.exceptions.Exit(1)


def _files(name: str) -> list[str]:
    """The videos below a folder, and those that fit a pattern; anything else is itself."""
    from glob import glob, has_magic
    from pathlib import Path

    from cmvl_mm.prepare.sources import find_in_folder

    if has_magic(name) and not Path(name).exists():
        matching = sorted(path for path in glob(name, recursive=True) if Path(path).is_file())
        if not matching:
            raise click.ClickException(f'{name}: no file matches this pattern. Remedy: correct the pattern.')
        return matching
    if not Path(name).is_dir():
        return [name]
    found = [str(Path(name, source.path)) for source in find_in_folder(Path(name)).sources]
    if not found:
        raise click.ClickException(f'{name}: no videos in this folder. Remedy: name a video, or a folder of videos.')
    return found


def _plain(entry: 'VideoFacts | VideoError') -> dict[str, object]:
    if isinstance(entry, Exception):
        return {'path': entry.path, 'error': str(entry), 'stage': entry.stage}
    return asdict(entry)


def _sheet(entry: 'VideoFacts | VideoError') -> str:
    """One video: a line for each fact."""
    if isinstance(entry, Exception):
        return f'error        {entry}'
    seconds = 'unknown: the file has no frame rate' if entry.seconds is None else f'{entry.seconds:.3f} s'
    shortest, longest = entry.keyframe_interval
    interval = f'every {longest} frames' if shortest == longest else f'every {shortest} to {longest} frames'
    lines = {
        'video': entry.path,
        'codec': entry.codec if entry.profile is None else f'{entry.codec}, {entry.profile}',
        'container': entry.container + _other_tracks(entry),
        'picture': f'{entry.width}x{entry.height} px, {entry.pixel_format}, {entry.orientation}, '
        f'{"interlaced" if entry.interlaced else "progressive"}',
        'frames': f'{entry.num_frames}, {entry.fps:.6g} a second',
        'duration': seconds,
        'key frames': f'{entry.keyframes}, {interval}',
        'B-frames': str(entry.b_frames),
        'vectors': _vectors(entry),
        'prepared': 'no' if entry.prepared is None else f'yes, profile {entry.prepared}',
        'training': '; '.join([*entry.needs, *_too_short(entry)]) or 'ready',
        'index': 'by decoding, once in every process' if entry.index_by_decoding else 'by headers',
        'cost': f'{entry.cost_seconds:.2f} s',
    }
    rows = [f'{name:<12} {value}' for name, value in lines.items()]
    if entry.vectors is not None:
        at = next(number for number, row in enumerate(rows) if row.startswith('vectors'))
        rows[at + 1 : at + 1] = [
            f'{"":<12} none in {count}: {reason}' for reason, count in entry.vectors.missing.items()
        ]
    return '\n'.join(rows)


def _other_tracks(entry: 'VideoFacts') -> str:
    return f'; {entry.tracks} video tracks, of which the first is read' if entry.tracks > 1 else ''


def _too_short(entry: 'VideoFacts') -> list[str]:
    return [] if entry.too_short is None else [f'too short: {entry.too_short}']


def _vectors(entry: 'VideoFacts') -> str:
    if entry.vectors is None:
        return f'refused: {entry.refused}'
    if not entry.vectors.frames:
        return 'invalid in every frame'
    return f'valid in {entry.vectors.frames} frames; {entry.vectors.valid_share:.0%} of their cells have one'


def _table(found: 'list[VideoFacts | VideoError]') -> str:
    """Several videos: a row each."""
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for entry in found:
        if isinstance(entry, Exception):
            rows.append((entry.path, f'error: {entry.stage}: {entry.reason}. {entry.remedy}.'))
            continue
        vectors = 'refused' if entry.vectors is None else f'{entry.vectors.frames} frames'
        row = (
            entry.path,
            entry.codec,
            f'{entry.width}x{entry.height}',
            str(entry.num_frames),
            f'{entry.fps:.4g}',
            f'{entry.keyframes}, <= {entry.keyframe_interval[1]} apart',
            str(entry.b_frames),
            vectors,
            ', '.join([*(['cmvl prepare'] * bool(entry.needs)), *(['too short'] * bool(entry.too_short))]) or 'ready',
        )
        rows.append(row)
    whole = [row for row in rows if len(row) == len(_COLUMNS)]
    widths = [
        max(len(row[0]) for row in rows),
        *(max(map(len, column)) for column in list(zip(*whole, strict=True))[1:]),
    ]
    return '\n'.join('  '.join(map(str.ljust, row, widths)).rstrip() for row in rows)
