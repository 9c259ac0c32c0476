"""What a person in front of a screen sees of a run: warnings, and the lines that are meant for them."""

import logging
import sys

from mmengine.dist import is_main_process
from tqdm import tqdm

ON_SCREEN = {'on_screen': True}
"""`logger.info(line, extra=ON_SCREEN)` puts a line on the screen; the log file has it, too."""

_UPSTREAM = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')  # MMEngine's words on itself


class ScreenHandler(logging.Handler):
    """Lines marked `ON_SCREEN` on standard output; warnings and errors on standard error. Both stand above a bar.

    MMEngine's deprecations of itself are left out. Processes other than the main one show errors alone.
    """

    def __init__(self) -> None:
        super().__init__(logging.NOTSET if is_main_process() else logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """One record; warnings as 'WARNING: …'."""
        message = record.getMessage()
        if record.levelno >= logging.WARNING:
            if not message.startswith(_UPSTREAM):
                tqdm.write(f'{record.levelname}: {message}', file=sys.stderr)
        elif getattr(record, 'on_screen', False):
            tqdm.write(message, file=sys.stdout)
            sys.stdout.flush()
