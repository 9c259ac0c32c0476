"""Registered metrics of the test loop: retrieval recalls, and the feature file."""

from collections.abc import Sequence
from typing import Any

from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from .features import collect, pack_result, save_features
from .retrieval import recall_at


@METRICS.register_module()
class VideoRetrievalRecall(BaseMetric):
    """Test videos search training videos; R@k counts a hit if one of the k nearest has the query's class.

    Features: mean over a video's clips of the global average of the last stage, L2-normalised, cosine.
    (MMAction2's own `RetrievalRecall` is another metric, for text and video.)

    Args:
        ks: the k of R@k.
        collect_device: as in MMEngine.
        prefix: of the printed names.
    """

    default_prefix = 'retrieval'

    def __init__(
        self,
        ks: Sequence[int] = (1, 5, 10, 20, 50),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ks = tuple(ks)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep each video's feature."""
        self.results.extend(pack_result(data_sample) for data_sample in data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """`R@k` in percent, and the number of queries and gallery videos behind it."""
        found = collect(results)
        query, gallery = found.is_query, ~found.is_query
        if (found.labels < 0).any():
            raise ValueError(f'{found.paths[found.labels < 0][0]}: retrieval needs labels. Remedy: a labelled list.')
        recalls = recall_at(
            found.features[query],
            found.labels[query],
            found.features[gallery],
            found.labels[gallery],
            self.ks,
        )
        counts = dict(queries=int(query.sum()), gallery=int(gallery.sum()))
        return {f'R@{k}': recall for k, recall in recalls.items()} | counts


@METRICS.register_module()
class FeatureDump(BaseMetric):
    """Writes `features`, `labels`, `is_query`, `paths` of every tested video to one .npz file.

    Args:
        path: of the file; its folder is made.
        collect_device: as in MMEngine.
        prefix: of the printed names.
    """

    default_prefix = 'features'

    def __init__(self, path: str, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.path = path

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep each video's feature."""
        self.results.extend(pack_result(data_sample) for data_sample in data_samples)

    def compute_metrics(self, results: list) -> dict[str, int]:
        """Runs on the first process only; the number of videos written."""
        found = collect(results)
        save_features(found, self.path)
        return dict(videos=len(found.paths))
