"""Train and test a classifier on a folder of videos by class, in one call."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.own_data import fill_lists
from cmvl_mm.evaluation.features import load_features
from cmvl_mm.evaluation.summary import FEWEST_CLASSES_OF_TOP5
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.own_lists import Lists, counts, groups_in, make_lists, require_split
from cmvl_mm.zoo.manifest import find_entry

from .adopt import config_of, take_network
from .own_test import confusion, largest_class, of_classes, table_of, top1, top5, untested
from .own_videos import (
    as_entries,
    claim,
    embed_command,
    failures_in_words,
    find_videos,
    prepare_own,
    prepared_by,
    require_unclaimed,
)
from .plan import counted, long_enough
from .run_record import RunRecord, digest_of, require_same, require_start, require_videos, start_of, write_record
from .training import fit_to, run_test, train


@dataclass(frozen=True)
class Finetuned:
    """A trained classifier and its test; shares are in percent."""

    work_dir: str
    weights: str
    start: str | None
    """The initial weights; None for random weights."""
    classes: tuple[str, ...]
    train_videos: int
    test_videos: int
    recordings: int
    """Number of recordings from which the videos are taken to come."""
    top1: float
    top1_interval: tuple[float, float]
    """95 % interval (Wilson)."""
    top5: float | None
    """None for fewer than 6 classes."""
    largest_class: float
    """Share that is right if every answer is the most frequent class of the test."""
    of_classes: dict[str, dict[str, int]]
    """By class: number of test videos `n`, and how many are `right`."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows: true class; columns: predicted class."""
    table: str
    """Table of counts and shares, for the screen."""
    next: tuple[str, ...]
    """Commands that use the weights."""

    def in_words(self) -> str:
        """The result as text for the screen."""
        low, high = self.top1_interval
        start = 'random weights' if self.start is None else self.start
        further = '' if self.top5 is None else f', top-5 {self.top5:.1f} %'
        follow = '\n'.join(f'  {line}' for line in self.next)
        return (
            f'\n{self.table}\n\nTop-1 {self.top1:.1f} % of {counted(self.test_videos, "test video")}, '
            f'95 % interval {low:.1f} to {high:.1f} %{further}; '
            f'always answering the largest class: {self.largest_class:.1f} %.\n'
            f'The interval assumes independent test videos; those of one recording are not fully independent.\n'
            f'Each of the {self.recordings} recordings is in one part only; {self.work_dir}/lists/groups.csv lists the '
            'recording of each video. To change it, pass --groups.\n'
            f'Started from {start}.\nWeights: {self.weights}\nNext:\n{follow}'
        )


def finetune(
    videos: str | Path,
    *,
    out: str | Path,
    weights: str | Path | None = None,
    groups: str | None = None,
    config: str | None = None,
    epochs: int | None = None,
    test_share: float = 0.2,
    options: Mapping[str, Any] | None = None,
    workers: int | None = None,
) -> Finetuned:
    """Train a classifier of your own classes and test it on recordings that it has not seen.

    A call with the same `out` resumes the run. Videos that the run of `weights` has prepared are not prepared again.

    In a script put the call under a main guard, because the processes that re-encode import the script:

        if __name__ == '__main__':
            cmvl_mm.finetune('my_videos', out='work_dirs/classes', weights='work_dirs/pretrain')

    Args:
        videos: a folder with a folder of videos for each class, or a list with labels.
        out: the work directory for `lists/`, the config, checkpoints, curves and `result.json`.
        weights: a work directory of `pretrain`, a checkpoint, or a name of the zoo; the network is that of the weights.
            None: random weights.
        groups: which videos belong to one recording: a regular expression or a CSV file, see `prepare.groups`; None: by
            name.
        config: a shipped config or a file; None: 'own/finetune', with the network of the weights.
        epochs: number of epochs; None chooses as many steps as the config takes for 1,000 videos.
        test_share: share of the videos for the test.
        options: dotted keys of the config and their values.
        workers: processes that re-encode; None: one per core.

    Raises:
        OwnVideosError: there are no classes, too few videos or no recording left for a test, or OUT holds another run:
            with other initial weights, other videos or another length.
        ResumeError: OUT holds a run with another schedule.
        GroupsError: `groups` does not fit the videos.
        FileNotFoundError, CheckpointError: the weights do not exist, or they do not fit.
    """
    videos, out, options = Path(videos), Path(out), dict(options or {})
    root, listing = find_videos(videos)
    there = [entry.path for entry in as_entries(listing.sources)]
    require_split(root, as_entries(listing.sources), groups, test_share)  # fail before hours of preparation
    start = start_of(weights)
    require_unclaimed(out, videos)
    require_start(out, 'finetune', start)
    require_videos(out, videos, there, usable=False)
    settings = _settings(config, weights, options)
    claim(out, videos)
    shared = None if weights is None else prepared_by(Path(weights), videos)
    own = prepare_own(videos, shared or out / 'prepared', workers=workers)
    if own.failed:
        print(failures_in_words(own.failed), flush=True)
    entries, _ = long_enough(own.entries, own.frames, None)
    used = [entry.path for entry in entries]
    require_videos(out, videos, used, usable=True)
    _, train_part, test_part = require_split(own.root, entries, groups, test_share)
    if (line := untested(own.classes, test_part)) is not None:
        print(line, flush=True)
    planned = fit_to(settings, len(train_part), epochs, options)
    record = RunRecord(
        command='finetune',
        start=start,
        videos=tuple(used),
        left_out=tuple(sorted(set(there) - set(used))),
        train_list=digest_of(train_part),
        epochs=settings.train_cfg.max_epochs,
        batch=settings.train_dataloader.batch_size,
    )
    require_same(out, record)
    folder = out.absolute() / 'lists'
    lists = make_lists(entries, own.classes, own.root, folder, split=True, groups=groups, test_share=test_share)
    _fill(settings, lists, options)
    print(planned, flush=True)
    write_record(out, record)
    train(settings.copy(), out)
    found = _tested(settings, out, lists, None if weights is None else str(weights), videos)
    replace_text(out / 'result.json', f'{json.dumps(asdict(found), indent=2, ensure_ascii=False)}\n')
    return found


def _settings(config: str | None, weights: str | Path | None, options: dict[str, Any]) -> Config:
    settings = load_config(config or 'own/finetune', options)
    if weights is None:
        print('The network starts from random weights. To start from pretrained weights, pass --from.', flush=True)
        settings.model.init_cfg = None
        return settings
    exists = Path(weights).exists()
    if not exists and '://' not in str(weights) and (caution := find_entry(str(weights)).caution()) is not None:
        print(caution, flush=True)
    place = str(Path(weights).absolute()) if exists else str(weights)
    settings.model.init_cfg = dict(type='PretrainedBackbone', checkpoint=place)
    trained = config_of(str(weights)) if config is None else None
    if trained is not None and (line := take_network(settings, trained)) is not None:
        print(line, flush=True)
    return settings


def _fill(settings: Config, lists: Lists, options: dict[str, Any]) -> None:
    nested = Config()
    nested.merge_from_dict(options)
    fill_lists(settings, lists, nested)
    if len(lists.classes) < FEWEST_CLASSES_OF_TOP5:  # the metric always counts it otherwise
        settings.test_evaluator.metric_options = dict(top_k_accuracy=dict(topk=(1,)))


def _tested(settings: Config, out: Path, lists: Lists, start: str | None, videos: Path) -> Finetuned:
    weights = resolve_checkpoint(out)
    dump = out.absolute() / 'test' / 'scores.npz'
    settings.model.init_cfg = None
    settings.test_evaluator = [settings.test_evaluator, dict(type='FeatureDump', path=str(dump))]
    run_test(settings, out / 'test', weights)
    scored = load_features(dump)
    assert scored.scores is not None  # a classifier's dump has them
    matrix, labels = confusion(scored.scores, scored.labels), scored.labels
    names, all_five = lists.classes, top5(scored.scores, labels)
    train_part, test_part = (read_list(path, 'required') for path in (lists.train, lists.test or lists.train))
    split = counts(train_part, test_part, names, groups_in(lists.train.parent))
    share = top1(matrix)
    by_class = {name: part._asdict() for name, part in zip(names, of_classes(matrix), strict=True)}
    return Finetuned(
        work_dir=str(out),
        weights=str(weights),
        start=start,
        classes=names,
        train_videos=len(train_part),
        test_videos=share.n,
        recordings=len(set(groups_in(lists.train.parent).values())),
        top1=share.percent,
        top1_interval=share.interval or (0.0, 100.0),
        top5=None if all_five is None else all_five.percent,
        largest_class=largest_class(matrix),
        of_classes=by_class,
        confusion=tuple(tuple(int(count) for count in row) for row in matrix),
        table=table_of(matrix, names, split),
        next=(
            f'cmvl test {shlex.quote(str(out))}',
            embed_command(videos, out),
        ),
    )
