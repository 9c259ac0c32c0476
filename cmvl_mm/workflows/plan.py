"""Choose how long to train for a number of videos, and which videos are long enough; no files, no networks."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mmengine.config import Config

from cmvl_mm.datasets.frame_choice import SamplePretraining
from cmvl_mm.datasets.list_file import Entry
from cmvl_mm.datasets.stages import find
from cmvl_mm.prepare.own_lists import OwnVideosError

FEWEST_VIDEOS = 4  # two batches of two: batch norm and a contrastive loss need two
USUAL_VIDEOS = 1000  # number of videos for which a config's epochs are meant
_MOST_EPOCHS = 10  # times the epochs of the config
_SHOWN = 3


class Need(NamedTuple):
    """Frames that a training sample of a config needs."""

    frames: int
    why: str
    remedy: str


def need_of(config: Config) -> Need | None:
    """Frames that the training's sampling stage needs; None if it stretches short videos or is not `SamplePretraining`:
    then only the stage itself knows, and the data set leaves out the videos that it refuses."""
    pipeline = config.train_dataloader.dataset.pipeline
    numbers = find(pipeline, 'SamplePretraining')
    stage: Mapping[str, Any] = pipeline[numbers[0]] if numbers else {}
    if not stage or stage.get('past_end', 'error') != 'error':
        return None
    built = SamplePretraining(**{name: value for name, value in stage.items() if name not in ('type', 'role')})
    key = 'train_dataloader.dataset.pipeline.sample'
    return Need(
        built.room,
        built.why,
        f'--cfg-options {key}.frame_interval={max(1, built.frame_interval // 2)} for shorter clips, or '
        f'--cfg-options {key}.past_end=repeat_last to repeat the last frame',
    )


def long_enough(
    entries: Sequence[Entry], frames: Mapping[str, int], need: Need | None
) -> tuple[list[Entry], str | None]:
    """The entries that can be used, and a sentence on the other entries.

    Raises:
        OwnVideosError: fewer than 4 entries are left.
    """
    kept = [entry for entry in entries if need is None or frames[entry.path] >= need.frames]
    said = None
    if need is not None and len(kept) < len(entries):
        short = [entry for entry in entries if frames[entry.path] < need.frames]
        names = ', '.join(f'{entry.path} ({frames[entry.path]})' for entry in short[:_SHOWN])
        said = (
            f'{len(short)} of {len(entries)} videos have fewer than the {need.frames} frames that this config needs '
            f'({need.why}) and are left out: {names}{", …" if len(short) > _SHOWN else ""}. To use them: {need.remedy}.'
        )
    if len(kept) < FEWEST_VIDEOS:
        raise OwnVideosError(
            f'{counted(len(kept), "video")} {"is" if len(kept) == 1 else "are"} too few to learn from, '
            f'at least {FEWEST_VIDEOS} are needed. '
            f'{said or "Remedy: add videos."}'
        )
    return kept, said


def counted(number: int, noun: str) -> str:
    """'1 epoch', '2 epochs'."""
    return f'{number} {noun}{"" if number == 1 else "s"}'


def fit_batch(videos: int, batch: int) -> int:
    """The config's batch, or half of the videos if that is less, so that an epoch has two steps; at least 2."""
    return max(2, min(batch, videos // 2))


def fit_epochs(videos: int, batch: int, epochs: int, usual_batch: int) -> int:
    """Epochs with as many steps as the config takes for 1,000 videos; one to ten times the config's epochs.

    Args:
        videos: number of videos of the list.
        batch: batch of this run.
        epochs, usual_batch: epochs and batch of the config.
    """
    steps = epochs * (USUAL_VIDEOS // usual_batch)
    return min(max(epochs, math.ceil(steps / max(1, videos // batch))), _MOST_EPOCHS * epochs)


def chances(config: Config) -> dict[str, float]:
    """Chance level of the pretext tasks on one process, as shares of 1: `acc_context`, `acc_motion`, `acc_residual`."""
    batch, model = config.train_dataloader.batch_size, config.model
    found = {}
    if model.get('context_head') is not None:
        found['acc_context'] = 1 / batch
    for target in ('motion', 'residual'):
        head = model.get(f'{target}_head')
        if head is not None and head.get('predictor', {}).get('query_size') is not None:
            pipeline = config.train_dataloader.dataset.pipeline
            for number in find(pipeline, 'sample'):  # the windows of a custom stage are not known
                windows = 1 + pipeline[number].get('num_negatives', 3)
                found[f'acc_{target}'] = 1 / (batch * windows * math.prod(head.predictor.query_size))
    return found
