"""What keeps logs out of a command's own result."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings and errors of MMEngine's log go to standard error; the rest is left out."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    screens = [
        handler
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
    ]
    level, streams = logger.level, [handler.stream for handler in screens]
    logger.setLevel(logging.WARNING)
    for handler in screens:
        handler.stream = sys.stderr  # setStream would flush the stream before, which may be closed
    try:
        yield
    finally:
        logger.setLevel(level)
        for handler, stream in zip(screens, streams, strict=True):
            handler.stream = stream


@contextmanager
def index_untold() -> Iterator[None]:
    """Leave out that a file was decoded for its index: these commands read a file once, and print what that took."""
    logger = logging.getLogger('cmvl_mm.video.index_store')
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
