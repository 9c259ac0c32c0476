"""The entries of a list behind the interface of MMEngine's data sets; no video is opened."""

import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mmengine.dataset import BaseDataset

from .annotation import open_list
from .class_names import class_names
from .presence import check_present
from .subset import stratified_subset
from .video_list import VideoList

LOOKED_FOR = 100
"""Number of videos at the start of a list of which one must exist."""


class ListedVideos(BaseDataset):
    """The entries of a list. `full_init` reads the list and checks that one of the first videos exists.

    MMEngine's wrappers accept the class, since it keeps the contract of `BaseDataset`.

    Args:
        ann_file, data_prefix, labels, rgb_suffix, label_share, label_seed, metainfo, indices, test_mode: as in
            `CompressedVideoDataset`.
    """

    _fully_initialized: bool = False

    def __init__(
        self,
        ann_file: str,
        data_prefix: dict[str, str],
        *,
        labels: Literal['required', 'optional'],
        rgb_suffix: str | None,
        label_share: float,
        label_seed: int,
        metainfo: Mapping[str, Any] | None,
        indices: int | Sequence[int] | None,
        test_mode: bool,
    ) -> None:
        if set(data_prefix) != ({'video'} if rgb_suffix is None else {'video', 'rgb'}):
            raise ValueError(
                f"data_prefix={data_prefix!r} with {rgb_suffix=} must be dict(video='folder of the videos') without a "
                "suffix, or dict(video='prepared', rgb='originals') with a suffix such as '.avi'"
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

    @property
    def entries(self) -> VideoList:
        """The kept lines of the list; each is parsed on access."""
        self.full_init()
        return self.data_list

    def full_init(self) -> None:
        """Read the list, check the folders and find the class names; runs once."""
        if self._fully_initialized:
            return
        super().full_init()
        try:
            self._check_folders()
        except FileNotFoundError:
            self._fully_initialized = False  # otherwise a second call would pass
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
        """Replace MMEngine's method, which makes a list of objects."""
        if isinstance(indices, int):
            return self.data_list[:indices] if indices >= 0 else self.data_list[indices:]
        return self.data_list.take(indices)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """`dict(filename=…, label=…, sample_idx=…)` of a position; the label is None if the list has none."""
        entry = self.entries[self._position(idx)]
        return dict(filename=str(Path(self.root) / entry.path), label=entry.label, sample_idx=int(idx))

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of a position as a list, which is empty if it has no label."""
        label = self.entries[self._position(idx)].label
        return [] if label is None else [label]

    def _position(self, index: int) -> int:
        position = operator.index(index)
        if not 0 <= position < len(self.entries):
            raise IndexError(f'{self.ann_file}: there is no sample {position}; the list has {len(self.entries)}')
        return position

    def _check_folders(self) -> None:
        """Detect a wrong folder here, not after a hundred replacements of videos."""
        check_present(self.ann_file, 'video', self.root, [entry.path for entry in self.entries[:LOOKED_FOR]])
        if self.originals is not None:
            check_present(self.ann_file, 'rgb', self.originals[0], [])
