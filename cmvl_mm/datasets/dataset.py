"""Annotation list -> sample: a pure function of (seed, epoch, index)."""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Literal

from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import Compose

from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError
from cmvl_mm.video.checks import whole
from cmvl_mm.video.errors import SettingError

from .annotation import path_inside
from .clock import Clock
from .listed_videos import ListedVideos
from .read_positions import LastRead
from .sample_index import SampleIndex
from .sampling import VideoTooShort
from .stages import require_list
from .stand_ins import NoUsableVideo, Skipped
from .two_files import check_same_frames, original_path


@DATASETS.register_module()
class CompressedVideoDataset(ListedVideos):
    """Videos of a list; each sample reads its video once, through the compressed stream.

    `clock` describes the meaning of a plain integer as index.

    Args:
        ann_file: list of `relative/path.mp4 label` lines.
        data_prefix: `dict(video=root)`; every path of the list lies below the root. `dict(video=…, rgb=originals)` is
            the two-file mode: clips come from the files from which `video` was prepared.
        pipeline: the stages, run in this order; `stages.change` copies a list with one stage changed.
        labels: 'required' refuses lists with unlabelled lines.
        on_error: 'replace' replaces a broken or too short video by another one, whose choice depends on
            (seed, epoch, index) only, and reports it; 'raise' stops, which tests need.
        role: 'gallery' or 'query', for retrieval.
        block: edge of the motion grid's blocks, in pixels.
        rgb_suffix: suffix of the originals, such as '.avi'; None without originals.
        label_share: the share of every class that is kept, see `stratified_subset`; below 1 for few-label finetuning.
        label_seed: seed that selects the kept videos.
        max_attempts: replacements tried for one sample before an error.
        keep_index: if a video must be decoded to index it, write its index file, so that the next process reads the
            file instead; for data sets of videos that are not prepared, in writable folders.
        metainfo: additional metadata, or a replacement of the class names in `classes.txt` in the list's folder.
        indices: keep these positions of the list; a number keeps so many from its start, or from its end if negative.
        test_mode: a plain integer means epoch 0 of seed 0, so that a test always makes the same draws.
        lazy_init: read the list later, in `full_init`.

    Raises:
        ValueError: a setting is invalid.
        StageError: the pipeline is a dict, as in earlier versions.
        FileNotFoundError: the folder is missing, or all of the first videos of the list are.
    """

    def __init__(
        self,
        ann_file: str,
        data_prefix: dict[str, str],
        pipeline: Sequence[dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]],
        labels: Literal['required', 'optional'] = 'required',
        on_error: Literal['replace', 'raise'] = 'replace',
        role: Literal['gallery', 'query'] = 'gallery',
        block: int = 8,
        rgb_suffix: str | None = None,
        label_share: float = 1.0,
        label_seed: int = 0,
        max_attempts: int = 100,
        keep_index: bool = False,
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        for name, value, allowed in (
            ('labels', labels, ('required', 'optional')),
            ('on_error', on_error, ('replace', 'raise')),
            ('role', role, ('gallery', 'query')),
        ):
            if value not in allowed:
                raise ValueError(f'{name}={value!r} is not one of {allowed}')
        super().__init__(
            ann_file,
            data_prefix,
            labels=labels,
            rgb_suffix=rgb_suffix,
            label_share=label_share,
            label_seed=label_seed,
            metainfo=metainfo,
            indices=indices,
            test_mode=test_mode,
        )
        self.pipeline = Compose(
            [TRANSFORMS.build(stage) if isinstance(stage, dict) else stage for stage in require_list(pipeline)]
        )
        self.on_error = on_error
        self.is_query = role == 'query'
        self.block = whole('block', block, least=1)
        self.max_attempts = whole('max_attempts', max_attempts, least=1)
        self.keep_index = keep_index
        self.clock = Clock()
        self.last_read: LastRead | None = None  # a training loop with workers sets it
        if not lazy_init:
            self.full_init()

    def get_subset(self, indices: int | Sequence[int]) -> 'CompressedVideoDataset':
        """A data set of these positions, with the same clock; a number keeps so many from the start or the end."""
        other = copy.copy(self)
        other.pipeline, other.last_read = copy.deepcopy(self.pipeline), None
        other.get_subset_(indices)
        return other

    def set_epoch(self, epoch: int, seed: int | None = None) -> None:
        """See `Clock.set_epoch`; accelerate calls this automatically, other loops can."""
        self.clock.set_epoch(epoch, seed)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample of design section 4: `dict(inputs=…, data_samples=ActionDataSample(…))`.

        Raises:
            RuntimeError: a stage reads a frame that the video does not have, with any `on_error`.
            SettingError: a setting does not fit this video, such as residuals on cells of 7 px, with any `on_error`.
            VideoError, VideoTooShort: the video cannot be used and `on_error` is 'raise'.
            NoUsableVideo: `max_attempts` videos in a row cannot be used.
        """
        position = self._position(index)
        if not isinstance(index, SampleIndex):
            index = SampleIndex(position) if self.test_mode else self.clock.index(position)
        skipped: list[Skipped] = []
        for attempt in range(self.max_attempts):
            rng = index.generator(attempt)
            position = int(index) if attempt == 0 else int(rng.integers(len(self)))
            try:
                packed = self._load(position, rng)
            except FrameIndexError as error:
                # An error of the stage, not of the video; an IndexError would silently end a loop over the data set.
                raise RuntimeError(
                    f'{self.ann_file}, sample {int(index)}: a stage reads a frame that does not exist: {error}'
                ) from error
            except SettingError:
                raise  # an error of the settings, not of the video
            except (VideoError, VideoTooShort) as error:
                if self.on_error == 'raise':
                    raise
                kind: Literal['broken', 'short'] = 'short' if isinstance(error, VideoTooShort) else 'broken'
                skipped.append(Skipped(self.entries[position].path, kind, str(error), self.ann_file))
                continue
            packed['data_samples'].set_metainfo(dict(skipped=skipped, source=(self.ann_file, self.root)))
            return packed
        reasons = '\n'.join(f'  {entry.reason}' for entry in skipped[:10])
        raise NoUsableVideo(
            f'{self.ann_file}, sample {int(index)}: {len(skipped)} videos in a row cannot be used, '
            f'first:\n{reasons}\n'
            'Remedy: check the folder with cmvl prepare, or allow short videos with '
            "past_end='repeat_last' of the sampling stage."
        )

    def _load(self, position: int, rng: Any) -> dict[str, Any]:
        entry = self.entries[position]
        if self.last_read is not None:
            self.last_read.note(position)
        path = path_inside(self.root, entry.path)
        with ExitStack() as opened:
            video = opened.enter_context(CompressedVideo(path, self.block, keep_index=self.keep_index))
            sample: dict[str, Any] = dict(
                video=video,
                rng=rng,
                path=entry.path,
                label=entry.label,
                sample_idx=position,
                is_query=self.is_query,
            )
            if self.originals is not None:
                folder, suffix = self.originals
                source = original_path(folder, entry.path, suffix)
                sample['original'] = opened.enter_context(CompressedVideo(source, keep_index=self.keep_index))
                check_same_frames(video, sample['original'])
            try:
                sample = self.pipeline(sample)
            except VideoTooShort as error:
                raise VideoTooShort(f'{path}: {error}') from None
        return sample
