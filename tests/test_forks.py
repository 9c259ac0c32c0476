"""A forked process leaves alone what its parent's tests left behind; `tests/conftest.py` sees to it."""

import gc
import os
from pathlib import Path


class Left:
    """Refers to itself, so that only the collector frees it; writes down which process did."""

    def __init__(self, log: Path) -> None:
        self.itself, self.log = self, log

    def __del__(self) -> None:
        with self.log.open('a') as file:
            file.write(f'{os.getpid()}\n')


def test_only_the_process_that_left_it_frees_it(tmp_path):
    log, here = tmp_path / 'log', os.getpid()
    for _ in range(2):  # the first fork of a file is preceded by a collection
        Left(log)
        child = os.fork()
        if child == 0:
            gc.collect()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    gc.collect()
    assert log.read_text().split() == [str(here)] * 2
