"""What the screen shows of a run: warnings, and lines marked for the screen."""

import logging
import sys

from mmengine.dist import is_main_process
from tqdm import tqdm

ON_SCREEN = {'on_screen': True}
"""`logger.info(line, extra=ON_SCREEN)` shows a line on the screen; the log file also has it."""

_UPSTREAM = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')  # of MMEngine's own classes


class ScreenHandler(logging.Handler):
    """Lines marked `ON_SCREEN` on standard output; warnings and errors on standard error. Both appear above a bar.

    MMEngine's deprecation warnings about its own classes are left out. Other processes than the main one show only
    errors.
    """

    def __init__(self) -> None:
        super().__init__(logging.NOTSET if is_main_process() else logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; warnings begin with 'WARNING: …'."""
        message = record.getMessage()
        if record.levelno >= logging.WARNING:
            if not message.startswith(_UPSTREAM):
                tqdm.write(f'{record.levelname}: {message}', file=sys.stderr)
        elif getattr(record, 'on_screen', False):
            tqdm.write(message, file=sys.stdout)
            sys.stdout.flush()
