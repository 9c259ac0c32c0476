"""The clips of a network's test as numbers, and the pipeline that they describe."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .settings import PublishError


class Clips(NamedTuple):
    """How clips are sampled from a video: `num_clips` of `clip_len` frames, cropped to a square."""

    clip_len: int
    """Frames per clip."""
    frame_interval: int
    """Stride between the frames of a clip."""
    num_clips: int
    """Number of clips; they lie at the centres of as many equal parts of the video."""
    size: int
    """Edge of a clip in pixels."""
    resize_short: int
    """Short side of the frame before the central crop of `size` pixels."""


_TESTED = ('OpenVideo', 'SampleClips', 'ReadCompressed', 'CentreCrop', 'PackSample')
_FIXED = dict(SampleClips=dict(place='bin_centres', past_end='repeat_last'), PackSample=dict(clips='many'))
_NUMBERS = dict(SampleClips=('clip_len', 'frame_interval', 'num_clips'), CentreCrop=('size', 'resize_short'))


def pipeline_of(clips: Clips) -> list[dict[str, Any]]:
    """The stages of a test in the form of configs."""
    return [
        dict(type='OpenVideo'),
        dict(
            type='SampleClips',
            clip_len=clips.clip_len,
            frame_interval=clips.frame_interval,
            place='bin_centres',
            num_clips=clips.num_clips,
            past_end='repeat_last',
        ),
        dict(type='ReadCompressed'),
        dict(type='CentreCrop', size=clips.size, resize_short=clips.resize_short),
        dict(type='PackSample', clips='many'),
    ]


def clips_of(pipeline: Sequence[Mapping[str, Any]], source: str) -> Clips:
    """The numbers of a test's pipeline.

    Args:
        pipeline: stages in the form of configs.
        source: origin of the pipeline, for messages.

    Raises:
        PublishError: the numbers do not describe the whole pipeline.
    """
    found: dict[str, Any] = {}
    for place, stage in enumerate(pipeline):
        name = stage.get('type')
        fixed, numbers = _FIXED.get(str(name), {}), _NUMBERS.get(str(name), ())
        others = {key: value for key, value in stage.items() if key not in ('type', *numbers)}
        if name not in _TESTED or others != fixed or any(key not in stage for key in numbers):
            raise PublishError(
                f'{source}: stage {place} of the test is {dict(stage)}, which the numbers of a clip cannot describe. '
                f'Remedy: use the stages {", ".join(_TESTED)}, as in configs/_base_/datasets/retrieval_ucf.py.'
            )
        found |= {key: stage[key] for key in numbers}
    if missing := [name for name in Clips._fields if name not in found]:
        raise PublishError(
            f'{source}: the pipeline of its test lacks {", ".join(missing)}. Remedy: use another config.'
        )
    return Clips(**found)


def clips_of_training(pipeline: Sequence[Mapping[str, Any]], source: str) -> Clips:
    """The numbers for a network without a test: length, interval and size of its training clips, ten clips per video.

    The crop keeps 7/8 of the short side, as in the recipes of UCF101 (112 of 128 px).

    Raises:
        PublishError: the stages do not contain these numbers.
    """
    found: dict[str, Any] = {}
    for stage in pipeline:
        found |= {key: stage[key] for key in ('clip_len', 'frame_interval', 'size') if key in stage}
    if missing := [name for name in ('clip_len', 'frame_interval', 'size') if name not in found]:
        raise PublishError(
            f'{source}: its training lacks {", ".join(missing)}, and it has no test. '
            'Remedy: pass a config= that has test_dataloader.'
        )
    return Clips(**found, num_clips=10, resize_short=round(found['size'] * 8 / 7))
