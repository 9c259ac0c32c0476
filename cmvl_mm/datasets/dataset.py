"""Annotation list -> sample: a pure function of (seed, epoch, index)."""

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import BaseDataset, Compose, ConcatDataset

from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError
from cmvl_mm.video.checks import whole
from cmvl_mm.video.errors import SettingError

from .annotation import open_list, path_inside
from .class_names import class_names
from .clock import Clock
from .presence import check_present
from .read_positions import LastRead
from .sample_index import SampleIndex
from .sampling import VideoTooShort
from .stages import require_list
from .subset import stratified_subset
from .two_files import check_same_frames, original_path
from .video_list import VideoList

LOOKED_FOR = 100
"""Videos at the start of a list: one of them must be there."""


class Skipped(NamedTuple):
    """A video that could not be used, as it travels with the sample that took its place."""

    path: str
    kind: Literal['broken', 'short']
    reason: str
    source: str = ''
    """The list; two of them may hold the same path."""


class NoUsableVideo(RuntimeError):
    """Several videos in a row could not be used."""


@DATASETS.register_module()
class CompressedVideoDataset(BaseDataset):
    """Videos of a list, each read once per sample through the compressed stream.

    MMEngine's wrappers take it, since it keeps the contract of `BaseDataset`. What a plain integer as index stands
    for is said in `clock`.

    Args:
        ann_file: list of `relative/path.mp4 label` lines.
        data_prefix: `dict(video=root)`; every path of the list lies below the root. `dict(video=…, rgb=originals)` is
            the two-file mode: clips come from the files that `video` was prepared from.
        pipeline: the stages, run in this order; `stages.change` makes a copy of a list with one of them changed.
        labels: 'required' refuses lists with unlabelled lines.
        on_error: 'replace' lets another video take the place of one that is broken or too short, drawn by a rule of
            (seed, epoch, index) alone, and reports it; 'raise' stops, as a test must.
        role: 'gallery' or 'query', for retrieval.
        block: edge of the motion grid's blocks, in pixels.
        rgb_suffix: of the originals, such as '.avi'; None without them.
        label_share: the share of every class that is kept, see `stratified_subset`; below 1 for few-label finetuning.
        label_seed: which videos those are.
        max_attempts: stand-ins tried for one sample before giving up.
        keep_index: write the index of a video that must be decoded for it beside the video, so that the next process
            reads it instead; for data sets of videos that are not prepared, in folders that can be written.
        metainfo: more of it, or instead of the names in `classes.txt` beside the list.
        indices: keep these positions of the list; a number keeps so many from its start, or from its end if negative.
        test_mode: a plain integer is epoch 0 of seed 0, so that a test draws the same whenever it runs.
        lazy_init: read the list later, in `full_init`.

    Raises:
        ValueError: for settings that cannot be.
        StageError: the pipeline is a dict, as earlier versions had it.
        FileNotFoundError: the folder, or all of the first videos of the list, are not there.
    """

    _fully_initialized: bool = False

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
        if set(data_prefix) != ({'video'} if rgb_suffix is None else {'video', 'rgb'}):
            raise ValueError(
                f"data_prefix={data_prefix!r} with {rgb_suffix=} must be dict(video='folder of the videos') without a "
                "suffix, or dict(video='prepared', rgb='originals') with one such as '.avi'"
            )
        super().__init__(
            str(ann_file),
            metainfo,
            data_prefix={name: str(folder) for name, folder in data_prefix.items()},
            indices=indices,
            serialize_data=False,
            test_mode=test_mode,
            lazy_init=True,
        )
        self.root = str(data_prefix['video'])
        self.originals = None if rgb_suffix is None else (str(data_prefix['rgb']), rgb_suffix)
        self.labels = labels
        self.label_share, self.label_seed = label_share, label_seed
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

    @property
    def entries(self) -> VideoList:
        """The lines of the list that are kept; each is parsed when it is asked for."""
        self.full_init()
        return self.data_list

    def full_init(self) -> None:
        """Read the list, look for the folders and find the names of the classes; once."""
        if self._fully_initialized:
            return
        super().full_init()
        try:
            self._check_folders()
        except FileNotFoundError:
            self._fully_initialized = False  # or a second call would pass
            raise
        if 'classes' not in self._metainfo:
            self._metainfo.update(class_names(Path(self.ann_file).with_name('classes.txt'), self.data_list.labels))

    def load_data_list(self) -> VideoList:
        """The list's entries, or `label_share` of them."""
        entries = open_list(self.ann_file, self.labels)
        if self.label_share == 1:
            return entries
        return entries.take(stratified_subset(entries.labels, self.label_share, self.label_seed))

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> VideoList:
        """MMEngine's makes a list of objects."""
        if isinstance(indices, int):
            return self.data_list[:indices] if indices >= 0 else self.data_list[indices:]
        return self.data_list.take(indices)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """`dict(filename=…, label=…, sample_idx=…)` of a position; the label is None where the list has none."""
        entry = self.entries[self._position(idx)]
        return dict(filename=str(Path(self.root) / entry.path), label=entry.label, sample_idx=int(idx))

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of a position, as a list; an empty one where it has none."""
        label = self.entries[self._position(idx)].label
        return [] if label is None else [label]

    def get_subset(self, indices: int | Sequence[int]) -> 'CompressedVideoDataset':
        """A data set of these positions, with the same clock; a number means so many from the start or the end."""
        other = copy.copy(self)
        other.pipeline, other.last_read = copy.deepcopy(self.pipeline), None
        other.get_subset_(indices)
        return other

    def set_epoch(self, epoch: int, seed: int | None = None) -> None:
        """See `Clock.set_epoch`; accelerate calls it by itself, other loops can."""
        self.clock.set_epoch(epoch, seed)

    def _position(self, index: int) -> int:
        position = operator.index(index)
        if not 0 <= position < len(self.entries):
            raise IndexError(f'sample {position} of a list of {len(self.entries)}: {self.ann_file}')
        return position

    def _check_folders(self) -> None:
        """A wrong folder is found here, not after a hundred stand-ins."""
        check_present(self.ann_file, 'video', self.root, [entry.path for entry in self.entries[:LOOKED_FOR]])
        if self.originals is not None:
            check_present(self.ann_file, 'rgb', self.originals[0], [])

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample of design section 4: `dict(inputs=…, data_samples=ActionDataSample(…))`.

        Raises:
            RuntimeError: a stage asks for a frame that the video does not have, whatever `on_error` is.
            SettingError: a setting cannot be for this video, such as residuals on cells of 7 px; likewise.
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
                # The stage's fault, not the video's; and an IndexError would end a loop over the data set in silence.
                raise RuntimeError(
                    f'{self.ann_file}, sample {int(index)}: a stage asks for a frame that is not there: {error}'
                ) from error
            except SettingError:
                raise  # of what was asked for, not of the video
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
            f'the first of them:\n{reasons}\n'
            'Remedy: check the folder with cmvl prepare, or allow short videos with the sampling '
            "stage's past_end='repeat_last'."
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


@DATASETS.register_module()
class RetrievalDataset(ConcatDataset):
    """Gallery first, then queries, read alike; a video that cannot be read stops the test.

    It is MMEngine's `ConcatDataset` of the two: MMEngine's wrappers take it as a config, torch's as it is.

    Args:
        gallery, query: labelled lists; test videos search training videos.
        data_prefix, pipeline: of both, as in `CompressedVideoDataset`.
    """

    def __init__(self, gallery: str, query: str, data_prefix: dict[str, str], pipeline: Sequence[Any]) -> None:
        shared: dict[str, Any] = dict(data_prefix=data_prefix, pipeline=pipeline, on_error='raise', test_mode=True)
        super().__init__(
            [
                CompressedVideoDataset(gallery, role='gallery', **shared),
                CompressedVideoDataset(query, role='query', **shared),
            ],
            ignore_keys='classes',  # lists of two folders need not name them alike
        )

    def get_cat_ids(self, idx: int) -> list[int]:
        """As of `CompressedVideoDataset`."""
        part, position = self._get_ori_dataset_idx(idx)
        return self.datasets[part].get_cat_ids(position)
