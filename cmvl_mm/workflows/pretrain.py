"""Pretrain a video network on a folder of videos without labels, in one call."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import Row, epoch_mean, read_curves
from cmvl_mm.engine.own_data import fill_lists
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.prepare.own_lists import make_lists

from .own_videos import as_entries, claim, embed_command, failures_in_words, find_videos, prepare_own, require_unclaimed
from .plan import chances, counted, long_enough, need_of
from .run_record import RunRecord, digest_of, require_same, require_start, require_videos, write_record
from .training import fit_to, train

_NAMES = {
    'loss_context': 'loss, context',
    'loss_motion': 'loss, motion',
    'loss_residual': 'loss, residual',
    'acc_context': 'right I-frame of the batch, %',
    'acc_motion': 'right future motion, %',
    'acc_residual': 'right future residual, %',
}


@dataclass(frozen=True)
class Pretrained:
    """The result of a pretraining."""

    work_dir: str
    weights: str
    """Path of the newest checkpoint."""
    videos: int
    """Number of videos in the training."""
    left_out: int
    """Number of videos that are broken or too short."""
    epochs: int
    figures: dict[str, dict[str, float]]
    """Losses and accuracies (shares of 1) by name: means of the `first` and `last` epoch, and `chance` if known."""
    next: tuple[str, ...]
    """Commands that use the weights."""

    def in_words(self) -> str:
        """The result as text for the screen."""
        rows = [['', 'first epoch', 'last epoch', 'by chance']]
        for name, values in self.figures.items():
            factor = 100 if name.startswith('acc') else 1
            cells = (values.get(key) for key in ('first', 'last', 'chance'))
            shown = _NAMES.get(name) or (f'{name}, %' if name.startswith('acc') else name)
            rows.append([shown, *('' if cell is None else f'{factor * cell:.2f}' for cell in cells)])
        follow = '\n'.join(f'  {line}' for line in self.next)
        amount = f'{counted(self.videos, "video")}, {self.left_out} left out, {counted(self.epochs, "epoch")}'
        return f'\n{text_table(rows)}\n\n{amount}.\nWeights: {self.weights}\nNext:\n{follow}'


def pretrain(
    videos: str | Path,
    *,
    out: str | Path,
    config: str = 'own/pretrain',
    epochs: int | None = None,
    options: Mapping[str, Any] | None = None,
    workers: int | None = None,
) -> Pretrained:
    """Train a video network on videos without labels; a call with the same `out` resumes the run.

    The videos are re-encoded into OUT/prepared, unless they are prepared already. Videos that are too short for the
    config are left out and named. A GPU is used if there is one. The config, checkpoints and curves are in OUT.

    In a script put the call under a main guard, because the processes that re-encode import the script:

        if __name__ == '__main__':
            cmvl_mm.pretrain('my_videos', out='work_dirs/pretrain')

    Args:
        videos: a folder, searched with all subfolders, or a list.
        out: the work directory.
        config: a shipped config or a file, such as 'own/pretrain'.
        epochs: number of epochs; None chooses as many steps as the config takes for 1,000 videos, see
            `plan.fit_epochs`.
        options: dotted keys of the config and their values, e.g. `{'train_dataloader.num_workers': 4}`.
        workers: processes that re-encode; None: one per core.

    Raises:
        OwnVideosError: there are too few videos, or OUT holds another run: on other videos or of another length.
        ResumeError: OUT holds a run with another schedule.
    """
    videos, out, options = Path(videos), Path(out), dict(options or {})
    settings = load_config(config, options)  # fail before hours of preparation
    _, listing = find_videos(videos)  # a wrong folder makes no work directory
    there = [entry.path for entry in as_entries(listing.sources)]
    require_unclaimed(out, videos)
    require_start(out, 'pretrain', None)
    require_videos(out, videos, there, usable=False)
    claim(out, videos)
    own = prepare_own(videos, out / 'prepared', workers=workers)
    if own.failed:
        print(failures_in_words(own.failed), flush=True)
    entries, short = long_enough(own.entries, own.frames, need_of(settings))
    if short is not None:
        print(short, flush=True)
    used = [entry.path for entry in entries]
    require_videos(out, videos, used, usable=True)
    planned = fit_to(settings, len(entries), epochs, options)
    record = RunRecord(
        command='pretrain',
        start=None,
        videos=tuple(used),
        left_out=tuple(sorted(set(there) - set(used))),
        train_list=digest_of(entries),
        epochs=settings.train_cfg.max_epochs,
        batch=settings.train_dataloader.batch_size,
    )
    require_same(out, record)
    fill_lists(settings, make_lists(entries, own.classes, own.root, out.absolute() / 'lists', split=False))
    print(planned, flush=True)
    write_record(out, record)
    train(settings, out)
    return _result(settings, out, videos, len(entries), len(own.entries) + len(own.failed) - len(entries), own.classes)


def _result(settings: Any, out: Path, videos: Path, used: int, left_out: int, classes: tuple[str, ...]) -> Pretrained:
    rows = read_curves(out)
    last = int(max(row['epoch'] for row in rows))
    figures = figures_of(rows, last, chances(settings))
    commands = [embed_command(videos, out) + ('' if _says_clips(settings) else ' --config CONFIG')]
    if len(classes) > 1:
        commands.insert(0, f'cmvl finetune {shlex.quote(str(videos))} --from {shlex.quote(str(out))}')
    weights = str(resolve_checkpoint(out))
    return Pretrained(str(out), weights, used, left_out, last, figures, tuple(commands))


def figures_of(rows: list[Row], last: int, chance: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """`Pretrained.figures` from a run's curves: the paper's tasks first, then those of other heads by name.

    Args:
        rows: rows of the curves from `read_curves`.
        last: number of the last epoch.
        chance: known chance levels by name, as shares of 1.
    """
    first, end = ({name for row in rows if row['epoch'] == epoch for name in row} for epoch in (1, last))
    there = {name for name in first & end if name.startswith(('loss_', 'acc_'))}
    names = [*(name for name in _NAMES if name in there), *sorted(there - _NAMES.keys())]
    return {
        name: dict(first=epoch_mean(rows, name, 1), last=epoch_mean(rows, name, last))
        | ({'chance': chance[name]} if name in chance else {})
        for name in names
    }


def _says_clips(settings: Any) -> bool:
    """Whether the config alone determines which clips of a video are embedded."""
    try:
        ClipSettings.of_config(settings, 'the config')
    except SettingsError:
        return False
    return True
