"""Keeps MMEngine's log away from standard output, which belongs to the command's own result."""

import logging
import sys


def quiet() -> None:
    """Warnings and errors of MMEngine's log go to standard error; the rest is left out."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    logger.setLevel(logging.WARNING)
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(sys.stderr)
