"""The gallery and the queries of a retrieval test in one data set."""

from collections.abc import Sequence
from typing import Any

from mmaction.registry import DATASETS
from mmengine.dataset import ConcatDataset

from .dataset import CompressedVideoDataset


@DATASETS.register_module()
class RetrievalDataset(ConcatDataset):
    """The gallery, then the queries, with the same pipeline; a video that cannot be read stops the test.

    This is MMEngine's `ConcatDataset` of the two: MMEngine's wrappers take its config, torch's wrappers the object.

    Args:
        gallery, query: labelled lists; test videos search training videos.
        data_prefix, pipeline: settings of both, as in `CompressedVideoDataset`.
    """

    def __init__(self, gallery: str, query: str, data_prefix: dict[str, str], pipeline: Sequence[Any]) -> None:
        shared: dict[str, Any] = dict(data_prefix=data_prefix, pipeline=pipeline, on_error='raise', test_mode=True)
        super().__init__(
            [
                CompressedVideoDataset(gallery, role='gallery', **shared),
                CompressedVideoDataset(query, role='query', **shared),
            ],
            ignore_keys='classes',  # lists of two folders may have different class names
        )

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of a position as a list, as in `CompressedVideoDataset`."""
        part, position = self._get_ori_dataset_idx(idx)
        return self.datasets[part].get_cat_ids(position)
