"""A test's figures go to one file: written once, by the main process, whole."""

import json
import os
from pathlib import Path

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner


@HOOKS.register_module()
class WholeFileLoggerHook(LoggerHook):
    """MMEngine's LoggerHook, but for the file of a test's figures, WORK_DIR/TIME/TIME.json.

    There every process writes the same file at the same time. Their lines differ in length (each holds its process's
    own times), so that the file now and then ends in the rest of a longer one and is no JSON.
    """

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the figures; the main process writes them beside the file and puts them in its place."""
        figures, line = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), 'test', with_non_scalar=True
        )
        runner.logger.info(line)
        if is_main_process():
            path = Path(runner.log_dir, self.json_log_path)
            temporary = path.with_suffix('.tmp')
            temporary.write_text(json.dumps(self._process_tags(figures)), encoding='utf-8')
            os.replace(temporary, path)
