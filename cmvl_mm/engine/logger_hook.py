"""Curves and figures in files: a full disk does not end training, and a test's figures are one whole file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner

from cmvl_mm.files.atomic import replace_text


@HOOKS.register_module()
class WholeFileLoggerHook(LoggerHook):
    """MMEngine's LoggerHook with two differences.

    * A row of the curves that cannot be written, on a full disk for one, is left out with an error in the log; training
      goes on. MMEngine's hook ends the run there.
    * The file of a test's figures, WORK_DIR/TIME/TIME.json, is written by the main process. MMEngine lets every process
      write it at the same time. Their lines differ in length (each holds its process's own times), so that the file now
      and then ends in the rest of a longer one and is no JSON.
    """

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Log a row of the training curves."""
        with _going_on(runner):
            super().after_train_iter(runner, batch_idx, data_batch, outputs)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log a validation's figures."""
        with _going_on(runner):
            super().after_val_epoch(runner, metrics)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the figures; the main process writes them beside the file and puts them in its place."""
        figures, line = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), 'test', with_non_scalar=True
        )
        runner.logger.info(line)
        if is_main_process():
            path = Path(runner.log_dir, self.json_log_path)
            replace_text(path, json.dumps(self._process_tags(figures)))


@contextmanager
def _going_on(runner: Runner) -> Iterator[None]:
    """Report that a row of the curves could not be written. Its line is in the log before that is tried."""
    try:
        yield
    except OSError as error:
        runner.logger.error(
            f'{runner.log_dir}: a row of the curves could not be written: {error.strerror or error}. Training goes on '
            'without it. Remedy: free space, or make the folder writable for this user.'
        )
