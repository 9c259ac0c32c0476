"""Registered metrics of the test loop: retrieval recalls, and the feature file."""

import logging
from collections.abc import Sequence
from typing import Any, Literal, get_args

from mmaction.registry import METRICS
from mmengine.dist import is_main_process
from mmengine.logging import print_log

from .feature_metric import FeatureMetric
from .features import (
    FeaturesError,
    collect,
    labelled_sets,
    require_directions,
    require_room,
    save_features,
    size_on_disk,
)
from .retrieval import centred, recall_at

RetrievalProtocol = Literal['paper', 'coclr', 'vcop']


@METRICS.register_module()
class VideoRetrievalRecall(FeatureMetric):
    """Test videos search training videos; R@k counts a hit if one of the k nearest has the query's class.

    The protocol is printed with every number: `retrieval_paper/R@1`. Features are means over a video's clips,
    compared by cosine; (MMAction2's own `RetrievalRecall` is another metric, for text and video.)

    | protocol | clips of a video | feature of a clip | before the cosine |
    |---|---|---|---|
    | paper | centres of 10 bins | global average of the last stage | nothing |
    | coclr | every span of a clip, overlapping by half | global average of the last stage | each set less its mean |
    | vcop | centres of 10 bins | last map, max-pooled 2x2, flattened | nothing |

    The paper prints clips "by sliding window"; the bins' centres are our reading of it (PAPER.md).

    The metric does the last column; clips and feature are the config's, `place='sliding'` of the sampling stage and
    `test_cfg=dict(pool='max_2x2')` of the model (`configs/protocols/`). What their authors feed is not imitated: VCOP
    takes 16 consecutive frames as [0, 1] pictures squeezed to 128x171, and drops the last incomplete batch of both
    sets; CoCLR jitters the colours of test videos too, at its own clip length and size. Ours keep the paper's clip
    of 16 x 4 frames, its crop and ImageNet's normalisation.

    Args:
        ks: the k of R@k.
        protocol: see the table.
        collect_device: as in MMEngine.
        prefix: of the printed names; default: `retrieval_` and the protocol.
    """

    def __init__(
        self,
        ks: Sequence[int] = (1, 5, 10, 20, 50),
        protocol: RetrievalProtocol = 'paper',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        if protocol not in get_args(RetrievalProtocol):
            raise ValueError(f'protocol={protocol!r} is not one of {get_args(RetrievalProtocol)}')
        super().__init__(collect_device=collect_device, prefix=prefix or f'retrieval_{protocol}')
        self.ks = tuple(ks)
        self.protocol = protocol

    def compute_metrics(self, results: list) -> dict[str, float]:
        """`R@k` in percent, and the number of queries and gallery videos behind it."""
        found = collect(results)
        require_directions(found.features, found.paths)
        sets = labelled_sets(found)
        query, gallery = sets.query, sets.gallery
        if self.protocol == 'coclr':
            query, gallery = centred(query), centred(gallery)
        recalls = recall_at(query, sets.query_labels, gallery, sets.gallery_labels, self.ks)
        counts = dict(queries=len(query), gallery=len(gallery))
        return {f'R@{k}': recall for k, recall in recalls.items()} | counts


@METRICS.register_module()
class FeatureDump(FeatureMetric):
    """Writes `features`, `labels`, `is_query`, `paths`, and a classifier's `scores`, of every tested video to one .npz.

    That the file can be written is tried when the metric is built, and for the space with the first batch. A disk that
    fills up during the test does not take the figures along: `failure` is raised after them, by the runner.

    Args:
        path: of the file; its folder is made.
        collect_device: as in MMEngine.
        prefix: of the printed names.

    Raises:
        FeaturesError: the file cannot be written.
    """

    default_prefix = 'features'

    def __init__(self, path: str, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.path = path
        self.failure: FeaturesError | None = None
        self._videos = 0
        if is_main_process():
            require_room(path, size=1)

    def expect(self, videos: int) -> None:
        """Try with the first batch whether so many videos find room."""
        self._videos = videos

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep each video's feature."""
        super().process(data_batch, data_samples)
        if self._videos and is_main_process():
            require_room(self.path, size_on_disk(self.results[0], self._videos))
        self._videos = 0

    def compute_metrics(self, results: list) -> dict[str, int]:
        """Runs on the first process only; the number of videos written."""
        found = collect(results)
        try:
            save_features(found, self.path)
        except FeaturesError as error:
            print_log(str(error), logger='current', level=logging.ERROR)
            self.failure = error
            return dict(videos=0)
        return dict(videos=len(found.paths))
