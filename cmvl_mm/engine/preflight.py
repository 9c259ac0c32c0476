"""Find faults of a config that would end a run late, or go unnoticed, before the first step; errors name a remedy."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from torch import nn

from cmvl_mm.datasets.list_file import numbered_lines, parse_line
from cmvl_mm.datasets.listed_videos import LOOKED_FOR
from cmvl_mm.datasets.retrieval_dataset import RetrievalDataset
from cmvl_mm.datasets.video_list import VideoList
from cmvl_mm.datasets.wrappers import compressed_parts, within
from cmvl_mm.evaluation.metrics import FeatureDump
from cmvl_mm.models.heads import ContextMatchingHead

from .listed import OTHER_LABEL, UNLABELLED, Listed, Listing, labels_of
from .schedule_scale import REMEDY, misfits


class LabelError(ValueError):
    """A list and a classifier do not match."""


def check_labels(dataset: Any, model: nn.Module, use: Literal['train', 'test'], *, required: bool = True) -> None:
    """Refuse labels for which the classifier has no class. Lists of a retrieval and models without a classifier pass.

    Args:
        dataset: data set with lists, see `Listing`; any other data set passes.
        model: model with or without a `cls_head` that has `num_classes`, ours or one of MMAction2.
        use: decides the remedy: the classes of a model that is tested are fixed.
        required: whether every video needs a label.

    Raises:
        LabelError: a label does not fit; names list, line, video, label, `num_classes` and remedy.
    """
    classes = getattr(getattr(model, 'cls_head', None), 'num_classes', None)
    if not isinstance(classes, int) or any(isinstance(part, RetrievalDataset) for part in within(dataset)):
        return
    labels = labels_of(dataset)
    if required and len(missing := np.flatnonzero(labels == UNLABELLED)):
        place, line = _place(dataset, int(missing[0]))
        raise LabelError(
            f'{place}: {line.path!r} has no label, but model.cls_head needs one for every video. Remedy: '
            'write "relative/path.mp4 label"; for features alone, use a model without cls_head.'
        )
    is_number = labels > OTHER_LABEL
    beyond = np.flatnonzero(is_number & ((labels < 0) | (labels >= classes)))
    if len(beyond):
        place, first = _place(dataset, int(beyond[0]))
        raise LabelError(
            f'{place}: {first.path!r} has the label {first.label}, but model.cls_head.num_classes={classes} '
            f'has the classes 0 to {classes - 1}; {len(beyond)} of {len(labels)} videos have such labels. '
            f'Remedy: {_remedy(labels[is_number], classes, use)}.'
        )


def check_all_classes(dataset: Any, model: nn.Module) -> None:
    """Refuse a classifier with more classes than its training lists have, which happens if `num_classes` is not set.

    Names in the `classes.txt` next to a list, or in the data set's `metainfo`, also count as classes if they have no
    videos.

    Args:
        dataset, model: as for `check_labels`.

    Raises:
        LabelError: there are too many classes; names list, classes, `num_classes` and remedy.
    """
    classes = getattr(getattr(model, 'cls_head', None), 'num_classes', None)
    if not isinstance(classes, int) or any(isinstance(part, RetrievalDataset) for part in within(dataset)):
        return
    highest = int(labels_of(dataset).max(initial=OTHER_LABEL))
    highest = highest if highest > OTHER_LABEL else classes - 1
    named = max((len(part.metainfo.get('classes', ())) for part in compressed_parts(dataset)), default=0)
    known = max(highest + 1, named)
    if known < classes:
        source = Listing(dataset)[0].source
        raise LabelError(
            f'model.cls_head.num_classes={classes}, but {source} has {known} classes: the network would learn '
            f'{classes - known} that no video has. Remedy: pass --cfg-options model.cls_head.num_classes={known}, or '
            f'data={source}, which sets it; if they are intended, name every class in classes.txt beside the list.'
        )


def _remedy(labels: np.ndarray, classes: int, use: Literal['train', 'test']) -> str:
    if labels.min() == 1 and labels.max() == classes:
        return 'write labels that start at 0; those of this list start at 1'
    if use == 'test':
        return 'test with a list of the data set that the checkpoint was trained on'
    return f'use a list whose labels start at 0, or pass --cfg-options model.cls_head.num_classes={labels.max() + 1}'


def _place(dataset: Any, index: int) -> tuple[str, Listed]:
    """('list.txt, line 3', the line) of a sample; the number needs a file that can be read as text."""
    lines = Listing(dataset)
    line, (part, position) = lines[index], lines.place(index)
    if isinstance(entries := getattr(part, 'entries', None), VideoList):
        return f'{line.source}, line {entries.line_number(position)}', line
    with suppress(OSError, ValueError):  # another kind of list, of another data set
        for number, text in numbered_lines(Path(line.source)):
            path, label = parse_line(text)
            if label == line.label and (line.path == path or line.path.endswith(f'/{path}')):
                return f'{line.source}, line {number}', line
    return line.source, line


def check_batch(model: nn.Module, batch_size: int, world_size: int, *, synchronised: bool) -> None:
    """Refuse a batch of one where a loss compares a clip with clips of other videos.

    Args:
        model: a recognizer; any other module passes.
        batch_size: videos per process.
        world_size: number of processes.
        synchronised: whether batch norm uses the statistics of all processes.

    Raises:
        ValueError: the batch is too small; names the batch and the remedy.
    """
    if not isinstance(getattr(model, 'context_head', None), ContextMatchingHead):
        return
    if batch_size * world_size == 1:
        raise ValueError(
            'model.context_head compares each clip with those of other videos, but a global batch of 1 has none. '
            'Remedy: set train_dataloader.batch_size=2 or more, or start more processes.'
        )
    if batch_size == 1 and not synchronised:
        raise ValueError(
            'model.context_head cannot normalise over a batch of 1 per process. '
            "Remedy: set train_dataloader.batch_size=2 or more, or sync_bn='torch'."
        )


def checked_in_words(dataset: Any) -> str:
    """A sentence on the checks of a data set before its first sample is read; '' for one without lists of ours."""
    parts = compressed_parts(dataset)
    if not parts:
        return ''
    lists = ', '.join(f'{len(part):,} of {part.ann_file}' for part in parts)
    return (
        f'Checked before the first step: every line ({lists}), and that one of the first {LOOKED_FOR} videos of each '
        'list exists. The other videos are checked when they are read; unusable ones are reported after the epoch.'
    )


def check_training(runner: Runner, loop: BaseLoop, model: nn.Module) -> None:
    """Check everything about a training loop that can be checked before its first step."""
    dataloader = loop.dataloader
    if words := checked_in_words(dataloader.dataset):
        runner.logger.info(words)
    check_labels(dataloader.dataset, model, 'train')
    check_all_classes(dataloader.dataset, model)
    synchronised = runner.distributed and runner.cfg.get('sync_bn') is not None
    check_batch(model, dataloader.batch_size, runner.world_size, synchronised=synchronised)
    if isinstance(loop, EpochBasedTrainLoop):
        found = misfits(runner.cfg.get('param_scheduler'), loop.max_epochs, len(dataloader))
        if found:
            runner.logger.warning(f'{". ".join(found)}. {REMEDY}')


def check_test(dataloader: Any, metrics: Iterable[Any], model: nn.Module, use: Literal['train', 'test']) -> None:
    """Check everything about a test, or with 'train' a validation, that can be checked before its first video."""
    metrics = list(metrics)
    dumps = feature_dumps(metrics)
    check_labels(dataloader.dataset, model, use, required=len(metrics) > len(dumps))
    for dump in dumps:
        dump.expect(len(dataloader.dataset))


def feature_dumps(metrics: Iterable[Any]) -> list[FeatureDump]:
    return [metric for metric in metrics if isinstance(metric, FeatureDump)]
