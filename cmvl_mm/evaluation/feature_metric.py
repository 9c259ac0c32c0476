"""Base class of all metrics on features: keeps each tested video's feature, label and scores."""

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from .features import pack_result


class FeatureMetric(BaseMetric):
    """A metric whose results are the rows that `features.collect` takes."""

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep each video's feature."""
        self.results.extend(pack_result(data_sample) for data_sample in data_samples)
