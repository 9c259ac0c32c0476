"""Write curves and figures to files: a full disk does not end training, and a test's figures are one complete file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner

from cmvl_mm.datasets.retrieval_dataset import RetrievalDataset
from cmvl_mm.datasets.wrappers import within
from cmvl_mm.evaluation.summary import summary_lines
from cmvl_mm.files.atomic import replace_text

from .runner import bare
from .screen import ON_SCREEN


@HOOKS.register_module()
class WholeFileLoggerHook(LoggerHook):
    """MMEngine's LoggerHook with four differences.

    * A row of the curves that cannot be written, for example on a full disk, is skipped with an error in the log;
      training continues. MMEngine's hook ends the run there.
    * Only the main process writes the file of a test's figures, WORK_DIR/TIME/TIME.json. In MMEngine every process
      writes it at the same time. The lines differ in length (each holds its process's own times), so the file sometimes
      ends with the rest of a longer line and is not JSON.
    * Counts, which the message hub holds as NumPy integers, are numbers in that file; MMEngine writes null.
    * A test's figures are logged as a table, in percent with 95 % intervals; the file keeps the metrics' own units, and
      says how many `videos` and `classes` there were.
    """

    figures_on_screen = True
    """Whether the table of a test is also shown on the screen."""

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
        """Log the figures in percent, with intervals; the main process also writes them unchanged, with the counts."""
        figures, _ = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), 'test', with_non_scalar=True
        )
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in figures.items()}
        figures = plain | _counts(runner)
        for line in summary_lines(figures):
            runner.logger.info(line, extra=ON_SCREEN if self.figures_on_screen else None)
        if is_main_process():
            path = Path(runner.log_dir, self.json_log_path)
            replace_text(path, json.dumps(self._process_tags(figures)))


def _counts(runner: Runner) -> dict[str, int]:
    """`videos` of a test with one list, and `classes` of a classifier: intervals need these counts."""
    dataset, head = runner.test_dataloader.dataset, getattr(bare(runner.model), 'cls_head', None)
    classes = getattr(head, 'num_classes', None)
    counts = {} if any(isinstance(part, RetrievalDataset) for part in within(dataset)) else dict(videos=len(dataset))
    return counts | (dict(classes=classes) if isinstance(classes, int) else {})


@contextmanager
def _going_on(runner: Runner) -> Iterator[None]:
    """Report that a row of the curves could not be written. The log has its line already."""
    try:
        yield
    except OSError as error:
        runner.logger.error(
            f'{runner.log_dir}: a row of the curves could not be written: {error.strerror or error}. Training '
            'continues without it. Remedy: free space, or make the folder writable for this user.'
        )
