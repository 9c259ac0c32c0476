"""Selects the clips to embed and how the network sees them: settings from a config, applied to a video's timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from cmvl_mm.datasets.sampling import (
    VideoTooShort,
    bin_centre_starts,
    clip_at,
    clip_span,
    fit_to_end,
)
from cmvl_mm.datasets.stages import find
from cmvl_mm.embedding.embeddings import EmbeddingsMeta
from cmvl_mm.engine.inference_pipeline import pipeline_of_test
from cmvl_mm.video.once import Timeline

CLIPS = 4
"""Clips of a video if the config has no test, as for pretraining."""
_SHORT_SIDE = 8 / 7  # ratio in the paper's tests: short side of 128 px for a crop of 112


class SettingsError(ValueError):
    """A config that does not say how clips are embedded, or options that no clip can satisfy; with the remedy."""


class Clips(NamedTuple):
    """The clips of one video."""

    frames: npt.NDArray[np.int64]
    """(n, clip_len) display indices."""
    starts: npt.NDArray[np.float64]
    """(n,) start of each clip in seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) end of each clip in seconds."""
    stretched: bool
    """Whether the video is shorter than a clip, so that frames are repeated."""


@dataclass(frozen=True)
class ClipSettings:
    """Clip settings, with the meaning of the same fields in `EmbeddingsMeta`."""

    clip_len: int
    frame_interval: int
    clips: int | None
    every: float | None
    past_end: str
    size: int
    resize_short: int

    def __post_init__(self) -> None:
        if (self.clips is None) == (self.every is None):
            raise SettingsError('clips and every: exactly one of them is needed. Remedy: pass one and omit the other.')
        if self.every is not None and not (np.isfinite(self.every) and self.every > 0):
            raise SettingsError(f'every={self.every} must be a number of seconds above 0.')
        if self.clips is not None and self.clips < 1:
            raise SettingsError(f'clips={self.clips} must be at least 1.')

    @classmethod
    def of_meta(cls, meta: EmbeddingsMeta) -> Self:
        """The settings that made a file's rows."""
        return cls(**{one.name: getattr(meta, one.name) for one in fields(cls)})

    @classmethod
    def of_config(cls, config: Any, source: str) -> Self:
        """The settings of a config's test or, without a test, of its training.

        For training, the clips are `CLIPS` at bin centres, and the short side is 8/7 of the network's square, as in the
        paper's tests.

        Raises:
            SettingsError: the config does not read clips of frames.
        """
        tested = pipeline_of_test(config)
        if tested is not None:
            sample, crop = _stage(tested, 'SampleClips', source), _stage(tested, 'CentreCrop', source)
            if sample.get('place', 'random') != 'bin_centres':
                raise SettingsError(
                    f'{source}: its test has place={sample.get("place")!r}. Remedy: use a config with '
                    "place='bin_centres', such as demo/retrieval."
                )
            return cls(
                **_of_sample(sample, 'repeat_last'),
                clips=sample.get('num_clips', 1),
                every=None,
                size=crop.get('size', 112),
                resize_short=crop.get('resize_short', 128),
            )
        trained = config.get('train_dataloader', {}).get('dataset', {}).get('pipeline', ())
        kind = 'SamplePretraining' if find(trained, 'SamplePretraining') else 'SampleClips'
        sample, crop = _stage(trained, kind, source), _stage(trained, 'RandomCropFlip', source)
        size = crop.get('size', 112)
        taken = _of_sample(sample, 'repeat_last') | dict(past_end='repeat_last')
        return cls(**taken, clips=CLIPS, every=None, size=size, resize_short=round(size * _SHORT_SIDE))

    def with_options(self, clips: int | None, every: float | None) -> Self:
        """The same settings with another number of clips.

        Raises:
            SettingsError: both are given, or no video can satisfy them.
        """
        if clips is None and every is None:
            return self
        return replace(self, clips=clips, every=every)

    def choose(self, timeline: Timeline) -> Clips:
        """Select the clips of a video.

        With `clips`, the range of possible starts is divided into that many equal bins, and a clip starts at the centre
        of each. With `every`, a clip starts at 0 and at the first frame shown at or after each multiple of `every`
        seconds, as long as the whole clip lies in the video.

        Raises:
            VideoTooShort: the video is shorter than a clip, and the config does not stretch it.
        """
        count, span = timeline.num_frames, clip_span(self.clip_len, self.frame_interval)
        if self.every is None:
            starts = bin_centre_starts(count, span, self.clips or 1)
        else:
            edges = timeline.edges[:-1]
            last = edges[max(count - span, 0)]
            wanted = np.arange(int(last / self.every + 1e-9) + 1) * self.every
            starts = np.unique(np.searchsorted(edges, wanted - 1e-6))
        frames = np.stack([clip_at(int(start), self.clip_len, self.frame_interval) for start in starts])
        frames = fit_to_end(frames, count, self.past_end)  # type: ignore[arg-type]
        return Clips(
            frames=frames,
            starts=timeline.edges[frames.min(axis=1)],
            ends=timeline.edges[frames.max(axis=1) + 1],
            stretched=count < span,
        )


def _stage(pipeline: Sequence[Any], kind: str, source: str) -> Mapping[str, Any]:
    found = find(pipeline, kind)
    if len(found) != 1 or not isinstance(pipeline[found[0]], Mapping):
        raise SettingsError(
            f'{source}: its pipeline needs exactly one {kind}, which defines the clips. Remedy: pass a config that '
            'tests this network by --config (config=), such as demo/retrieval for a network of the demo.'
        )
    return pipeline[found[0]]


def _of_sample(sample: Mapping[str, Any], past_end: str) -> dict[str, Any]:
    return dict(
        clip_len=sample.get('clip_len', 16),
        frame_interval=sample.get('frame_interval', 4),
        past_end=sample.get('past_end', past_end),
    )


__all__ = ['CLIPS', 'ClipSettings', 'Clips', 'SettingsError', 'VideoTooShort']
