"""Record the settings of `cmvl pretrain` or `cmvl finetune` in the work directory, and refuse other runs early."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cmvl_mm.checkpoints.durable import OF_A_RUN
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.datasets.list_file import Entry, format_line
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.prepare.own_lists import OwnVideosError

from .plan import counted

RECORD = 'run.json'
_SHOWN = 3


@dataclass(frozen=True)
class Start:
    """The initial weights of a training."""

    place: str
    """Absolute path, name or address of the weights."""
    sha256: str
    """SHA-256 of the file."""


@dataclass(frozen=True)
class RunRecord:
    """The settings that must be the same when a run resumes."""

    command: str
    """'pretrain' or 'finetune'."""
    start: Start | None
    """Initial weights; None for random weights."""
    videos: tuple[str, ...]
    """Paths of the videos for training or test."""
    left_out: tuple[str, ...]
    """Paths of the videos that were found and cannot be used."""
    train_list: str
    """SHA-256 of the training list."""
    epochs: int
    batch: int


def start_of(weights: str | Path | None) -> Start | None:
    """Place and digest of the weights as they are now.

    Raises:
        FileNotFoundError, CheckpointError: the weights do not exist.
    """
    if weights is None:
        return None
    file = resolve_checkpoint(weights)
    return Start(str(Path(weights).absolute()) if Path(weights).exists() else str(weights), sha256_of(file))


def digest_of(entries: Sequence[Entry]) -> str:
    """SHA-256 of a list's lines."""
    return hashlib.sha256(''.join(map(format_line, entries)).encode()).hexdigest()


def write_record(out: Path, record: RunRecord) -> None:
    """Write the record, just before the training begins."""
    replace_text(out / RECORD, f'{json.dumps(asdict(record), indent=1, ensure_ascii=False)}\n')


def read_record(out: Path) -> RunRecord | None:
    """The record of a run that has saved a checkpoint; None if there is nothing to resume or no record.

    Raises:
        OwnVideosError: the record cannot be read.
    """
    path = out / RECORD
    if not has_checkpoint(out) or not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text())
        start = None if raw['start'] is None else Start(**raw['start'])
        lists = {name: tuple(raw[name]) for name in ('videos', 'left_out')}
        return RunRecord(**(raw | lists | {'start': start}))
    except (ValueError, TypeError, KeyError) as error:
        raise OwnVideosError(f'{path}: not a record of a run ({error}). Remedy: pass another -o.') from error


def has_checkpoint(out: Path) -> bool:
    """Whether a run has saved a checkpoint in this work directory."""
    return any(OF_A_RUN.fullmatch(path.name) for path in out.glob('*.pth'))


def require_start(out: Path, command: str, start: Start | None) -> None:
    """Refuse to resume with another command or other initial weights.

    Raises:
        OwnVideosError: they differ, or the initial weights of a classifier are not recorded.
    """
    held = read_record(out)
    if held is None:
        if command == 'finetune' and has_checkpoint(out):
            raise OwnVideosError(
                f'{out} has a checkpoint, but no {RECORD} that names its initial weights. Remedy: pass another -o.'
            )
        return
    if held.command != command:
        raise OwnVideosError(
            f'{out} contains a run of cmvl {held.command}, not of cmvl {command}. Remedy: pass another -o.'
        )
    had, now = (None if one is None else one.sha256 for one in (held.start, start))
    if had != now:
        same_place = held.start is not None and start is not None and held.start.place == start.place
        words = [_in_words(one, same_place) for one in (held.start, start)]
        raise OwnVideosError(
            f'{out} contains a run that started from {words[0]}, not from {words[1]}. Remedy: pass another -o.'
        )


def _in_words(start: Start | None, with_digest: bool) -> str:
    if start is None:
        return 'random weights'
    return f'{start.place} with SHA-256 {start.sha256[:12]}…' if with_digest else start.place


def require_videos(out: Path, videos: Path, found: Collection[str], *, usable: bool) -> None:
    """Refuse to resume with other videos.

    Args:
        out: the work directory.
        videos: the folder, for the message.
        found: paths of the videos that exist now.
        usable: whether all `found` can be used; otherwise videos that could not be used before are ignored.

    Raises:
        OwnVideosError: some videos are new or missing.
    """
    held = read_record(out)
    if held is None:
        return
    now = set(found) if usable else set(found) - set(held.left_out)
    parts = [('new', sorted(now - set(held.videos))), ('gone', sorted(set(held.videos) - now))]
    changes = '; '.join(
        f'{word}: {", ".join(paths[:_SHOWN])}{", …" if len(paths) > _SHOWN else ""}' for word, paths in parts if paths
    )
    if changes:
        raise OwnVideosError(
            f'{out} contains a run on {counted(len(held.videos), "video")}, but {videos} now has {len(now)} '
            f'({changes}). Remedy: pass another -o.'
        )


def require_same(out: Path, asked: RunRecord) -> None:
    """Refuse to resume with another training list, other epochs or another batch.

    Raises:
        OwnVideosError: one of them differs.
    """
    held = read_record(out)
    if held is None:
        return
    if held.train_list != asked.train_list:
        raise OwnVideosError(
            f'{out} contains a run on the same videos with another training list. '
            'Remedy: pass the same --groups and --test-share as before, or another -o.'
        )
    if held.batch != asked.batch:
        raise OwnVideosError(
            f'{out} contains a run with batches of {held.batch}, not {asked.batch}. '
            f'Remedy: pass --cfg-options train_dataloader.batch_size={held.batch} to resume it, or another -o.'
        )
    if held.epochs != asked.epochs:
        raise OwnVideosError(
            f'{out} contains a run of {counted(held.epochs, "epoch")}, not {asked.epochs}. '
            f'Remedy: pass --epochs {held.epochs} to resume it, or another -o.'
        )
