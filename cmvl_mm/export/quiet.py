"""Notices of torch's exporter that no user can act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_NOTICES = (
    ('`isinstance.treespec, LeafSpec', FutureWarning),  # torch 2.13, of its own pytree while it copies a program
    ('No complete tensor found in the group', UserWarning),  # torch 2.13, of weights that share memory; checked after
)
_REGISTRY = 'torch.onnx._internal.exporter._registration'  # says that torchvision, which we do not use, is not there


@contextmanager
def without_notices() -> Iterator[None]:
    """Leave these notices out while the block runs; every other warning passes."""
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
