"""Hide notices of torch's exporter that users cannot act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_NOTICES = (
    ('`isinstance.treespec, LeafSpec', FutureWarning),  # torch 2.13, about its own pytree while it copies a program
    ('No complete tensor found in the group', UserWarning),  # torch 2.13, of weights that share memory; checked after
)
_REGISTRY = 'torch.onnx._internal.exporter._registration'  # reports that torchvision, which is not used, is missing


@contextmanager
def without_notices() -> Iterator[None]:
    """Hide these notices while the block runs; every other warning passes."""
    logger = logging.getLogger(_REGISTRY)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for message, category in _NOTICES:
                warnings.filterwarnings('ignore', message=message, category=category)
            yield
    finally:
        logger.setLevel(level)
