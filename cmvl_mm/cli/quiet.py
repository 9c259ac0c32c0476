"""What keeps logs out of a command's own result."""

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings and errors of MMEngine's log go to standard error; the rest is left out.

    A log that does not exist yet is not made: that imports torch, and many a command has nothing to log.
    """
    from mmengine.logging import MMLogger

    with ExitStack() as lowered:
        if MMLogger._instance_dict:
            lowered.enter_context(_lowered(MMLogger.get_current_instance()))
        make = MMLogger.__init__

        def make_quiet(logger: logging.Logger, *args: Any, **options: Any) -> None:
            make(logger, *args, **options)
            lowered.enter_context(_lowered(logger))

        MMLogger.__init__ = make_quiet
        lowered.callback(setattr, MMLogger, '__init__', make)
        yield


@contextmanager
def _lowered(logger: logging.Logger) -> Iterator[None]:
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
