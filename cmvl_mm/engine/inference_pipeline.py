"""Keep `test_pipeline`, which MMAction2's `inference_recognizer` reads, equal to the pipeline of the test."""

import copy
import logging
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config


def pipeline_of_test(config: Config) -> Any:
    """The pipeline of the test's data set; None if there is none."""
    node: Any = config
    for key in ('test_dataloader', 'dataset', 'pipeline'):
        node = node.get(key) if isinstance(node, dict | Config) else None
    return node


def goes_along(config: Config, options: Mapping[str, Any]) -> bool:
    """Whether options that change the test's pipeline also apply to `test_pipeline`: both were equal before."""
    if 'test_pipeline' not in config or 'test_pipeline' in options:
        return False
    return config.test_pipeline == pipeline_of_test(config)


def take_along(config: Config) -> None:
    """Set `test_pipeline` to the test's pipeline."""
    config.test_pipeline = copy.deepcopy(pipeline_of_test(config))


def warn_of_another(config: Config, source: str) -> None:
    """Warn if a child config changed only one of the two: a single file is then read differently than in the test."""
    if config.get('test_pipeline') is not None and pipeline_of_test(config) not in (None, config.test_pipeline):
        logging.getLogger(__name__).warning(
            '%s: test_pipeline, which inference_recognizer reads, is not the pipeline of test_dataloader.dataset. '
            'Remedy: unless this is intended, set test_pipeline = change(…) and pipeline=test_pipeline.',
            source,
        )
