"""What a model hands to the metrics."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch


@pytest.fixture(scope='session')
def prediction() -> Callable[..., dict[str, Any]]:
    """(feature, label, is_query, index) -> the prediction of one video, named by its index."""

    def make(feature: Sequence[float], label: int, is_query: Any, index: int, **more: Any) -> dict[str, Any]:
        feature, label = torch.tensor(feature), torch.tensor([label])
        return dict(feature=feature, gt_label=label, is_query=is_query, sample_idx=index, path=f'{index}') | more

    return make
