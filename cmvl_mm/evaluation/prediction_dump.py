"""Predictions in MMEngine's pickle file, which MMAction2's analysis tools read."""

import logging
from pathlib import Path

from mmaction.registry import METRICS
from mmengine.dist import is_main_process
from mmengine.evaluator import DumpResults
from mmengine.fileio import dump
from mmengine.logging import print_log

from cmvl_mm.checkpoints.durable import require_writable
from cmvl_mm.files.atomic import atomic_write

SUFFIXES = ('.pkl', '.pickle')


class PredictionsError(OSError):
    """The file of predictions could not be written; the message has path and remedy."""


@METRICS.register_module()
class PredictionDump(DumpResults):
    """MMEngine's DumpResults, except that a failure loses only the file and not the figures of the test.

    The metric tests whether the folder is writable when it is built. If the disk fills up during the test, the figures
    are not lost: the runner raises `failure` after them.

    Args:
        out_file_path: path of the file, which ends in .pkl or .pickle; its folder is created.
        collect_device: as in MMEngine.
        collect_dir: as in MMEngine.

    Raises:
        ValueError: the file has another suffix.
        PredictionsError: the path is a folder.
        CheckpointWriteError: nothing can be written to its folder.
    """

    def __init__(self, out_file_path: str, collect_device: str = 'cpu', collect_dir: str | None = None) -> None:
        super().__init__(out_file_path, collect_device, collect_dir)
        self.failure: PredictionsError | None = None
        path = Path(out_file_path)
        if path.is_dir():
            raise PredictionsError(
                f'{path}: predictions cannot be written here: this is a folder. Remedy: name a file in it.'
            )
        if is_main_process():
            require_writable(path.absolute().parent)

    def compute_metrics(self, results: list) -> dict:
        """Write the file; runs on the first process only and returns no figures."""
        try:
            with atomic_write(self.out_file_path) as temporary:
                dump(results, temporary, file_format='pkl')
        except OSError as error:
            self.failure = PredictionsError(
                f'{self.out_file_path}: predictions could not be written: {error.strerror or error}. '
                'Remedy: free space, or choose another --dump; the figures of the test are in its log.'
            )
            print_log(str(self.failure), logger='current', level=logging.ERROR)
        else:
            print_log(f'Predictions are in {self.out_file_path}.', logger='current')
        return {}
