"""Re-encode a folder of your own videos for training if that has not been done; a stopped run resumes."""

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from cmvl_mm.datasets.annotation import open_list, read_list
from cmvl_mm.datasets.list_file import Entry
from cmvl_mm.datasets.list_scan import label_array
from cmvl_mm.datasets.listed_videos import LOOKED_FOR
from cmvl_mm.datasets.presence import find_root
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.own_lists import OwnVideosError, class_names_of
from cmvl_mm.prepare.run import prepare_all
from cmvl_mm.prepare.source_list import Source
from cmvl_mm.prepare.sources import Listing, find_in_folder, find_in_list, write_list
from cmvl_mm.prepare.tally import Tally
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.workflows.prepare_one import is_one_video

PROFILE = 'small'  # short side 128 px: above the 80 px that the networks see
_SHOWN = 5


class OwnVideos(NamedTuple):
    """Videos that are ready for training."""

    root: Path
    entries: tuple[Entry, ...]
    """Paths relative to the root, labels by class folder."""
    classes: tuple[str, ...]
    """Class names by label; empty without class folders."""
    frames: dict[str, int]
    """Number of frames of each path."""
    failed: tuple[str, ...]
    """'path: reason. remedy.' for each video that cannot be used."""


def find_videos(videos: Path) -> tuple[Path, Listing]:
    """(root, listing) of a folder or a list of videos, before any video is read.

    Raises:
        OwnVideosError: the folder or list does not exist, or has no video.
    """
    if videos.is_dir():
        root, listing = videos, find_in_folder(videos)
    elif is_one_video(videos):
        raise OwnVideosError(f'{videos}: one video is too little to learn from. Remedy: pass a folder of videos.')
    elif videos.is_file():
        paths = [entry.path for entry in open_list(videos, 'optional')[:LOOKED_FOR]]
        root = find_root(videos, paths) or videos.parent
        listing = find_in_list(videos, root)
        names = class_names_of(listing.sources.labels, videos.with_name('classes.txt'))
        listing = replace(listing, classes=names)
    else:
        raise OwnVideosError(f'{videos}: there is no such folder or list. Remedy: pass an existing folder of videos.')
    if not listing.sources:
        raise OwnVideosError(
            f'{videos}: no videos found. Remedy: pass a folder of videos, with one subfolder per class for labels.'
        )
    return root, listing


def is_prepared(root: Path) -> bool:
    """Whether `cmvl prepare` or this module wrote the folder."""
    return (root / 'profile.txt').is_file() and (root / 'all.txt').is_file()


def require_unclaimed(out: Path, videos: Path) -> None:
    """Refuse a work directory of another set of videos: its finished steps would be taken over.

    Raises:
        OwnVideosError: the directory holds a run on other videos, or lies among the videos.
    """
    note = out / 'source.txt'
    if videos.is_dir() and out.resolve().is_relative_to(videos.resolve()):
        raise OwnVideosError(
            f'{out} lies inside {videos}: results there would be prepared as videos. Remedy: pass another -o.'
        )
    if note.is_file() and note.read_text().strip() != str(videos.resolve()):
        raise OwnVideosError(f'{out} already contains a run on {note.read_text().strip()}. Remedy: pass another -o.')


def claim(out: Path, videos: Path) -> None:
    """Make the work directory and record the videos in it.

    Raises:
        OwnVideosError: as for `require_unclaimed`.
    """
    require_unclaimed(out, videos)
    out.mkdir(parents=True, exist_ok=True)
    replace_text(out / 'source.txt', f'{videos.resolve()}\n')


def prepared_by(weights: Path, videos: Path) -> Path | None:
    """The folder into which another run has prepared the same videos; None if there is none."""
    note, folder = weights / 'source.txt', weights / 'prepared'
    same = note.is_file() and note.read_text().strip() == str(videos.resolve())
    return folder if same and is_prepared(folder) else None


def prepare_own(videos: Path, out: Path, *, workers: int | None = None) -> OwnVideos:
    """Re-encode videos into a folder, with a progress bar; finished videos and prepared folders are skipped.

    Args:
        videos: a folder, or a list of videos.
        out: folder for the videos under their own paths, `all.txt` and `classes.txt`.
        workers: number of processes; None: one per core.

    Raises:
        OwnVideosError: there is no video, or none can be used.
    """
    root, listing = find_videos(videos)
    if is_prepared(root):
        entries = read_list(root / 'all.txt', 'optional')
        classes = class_names_of(label_array(entry.label for entry in entries), root / 'classes.txt')
        return _usable(root, entries, classes, dict(_counted(root, entries)), ())
    out.mkdir(parents=True, exist_ok=True)
    replace_text(out / 'profile.txt', f'{PROFILE}\n')
    tally = Tally(listing.sources)
    stream = prepare_all(root, out, PROFILE, 'vectors', listing.sources, workers or os.cpu_count() or 1)
    for outcome in tqdm(stream, total=len(listing.sources), desc='preparing', unit='video'):
        tally.add(outcome)
    write_list(out / 'all.txt', (source for source, _ in tally.ready()))
    if listing.classes:
        replace_text(out / 'classes.txt', ''.join(f'{name}\n' for name in listing.classes))
    failed = [f'{source.path}: {failure.reason}. {failure.remedy}.' for source, failure in tally.failed()]
    failed += [f'{path}: {reason}.' for path, reason in (*listing.refused, *listing.unread)]
    frames = {source.target: number for source, number in tally.ready()}
    return _usable(out, as_entries(source for source, _ in tally.ready()), listing.classes, frames, failed)


def as_entries(sources: Iterable[Source]) -> list[Entry]:
    """Entries of sources under the names that the prepared videos get."""
    return [Entry(source.target, source.label) for source in sources]


def _counted(root: Path, entries: Sequence[Entry]) -> Iterator[tuple[str, int]]:
    """(path, frames) of each entry; 0 frames for a video that cannot be read."""
    for entry in tqdm(entries, desc='counting frames', unit='video', leave=False):
        try:
            with CompressedVideo(root / entry.path) as video:
                yield entry.path, video.num_frames
        except VideoError:
            yield entry.path, 0


def _usable(
    root: Path, entries: Sequence[Entry], classes: Sequence[str], frames: dict[str, int], failed: Sequence[str]
) -> OwnVideos:
    good = tuple(entry for entry in entries if frames[entry.path])
    failed = [*failed, *(f'{e.path}: cannot be read. Prepare it again.' for e in entries if not frames[e.path])]
    if not good:
        raise OwnVideosError(f'{root}: no video can be used. {" ".join(failed[:_SHOWN])}')
    return OwnVideos(root.absolute(), good, tuple(classes), frames, tuple(failed))


def failures_in_words(failed: Sequence[str]) -> str:
    """A line for the screen on the videos that cannot be used."""
    more = f' and {len(failed) - _SHOWN} more' if len(failed) > _SHOWN else ''
    return f'Videos that cannot be used: {len(failed)}. {" ".join(failed[:_SHOWN])}{more}'


def embed_command(videos: Path, out: Path) -> str:
    """The command that embeds the videos with a run's weights into a separate file.

    Args:
        videos: folder or list of videos.
        out: the work directory; the file is named after it.
    """
    target = f'features_{out.resolve().name}.parquet'
    return shlex.join(['cmvl', 'embed', str(videos), '--model', str(out), '-o', target])
