"""A training run in a process of its own that notes, epoch by epoch, what it and its workers hold.

    python tests/reliability/watched_training.py WATCH.json CONFIG.json

CONFIG.json holds overrides of configs/demo/pretrain.py; WATCH.json gets a list of `Reading`s.
"""

import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]


class Reading(NamedTuple):
    """What the processes held at the end of one epoch."""

    samples: int
    """Read since the start, by all workers together."""
    main: tuple[int, int, int]
    """Resident memory in bytes, file descriptors, threads."""
    workers: list[tuple[int, int, int]]


def held(pid: int) -> tuple[int, int, int]:
    """Resident memory in bytes, file descriptors and threads of a living process."""
    status = dict(line.split(':', 1) for line in Path(f'/proc/{pid}/status').read_text().splitlines())
    return int(status['VmRSS'].split()[0]) * 1024, len(os.listdir(f'/proc/{pid}/fd')), int(status['Threads'])


def main(watch: Path, options: dict[str, Any]) -> None:
    from mmengine.hooks import Hook
    from mmengine.runner import Runner
    from mmengine.utils import import_modules_from_strings

    import cmvl_mm.register  # noqa: F401
    from cmvl_mm.engine.config import load_config
    from cmvl_mm.engine.launch import runner_from

    class Watch(Hook):
        """Reads after each epoch, when all its batches have come and no worker is at work."""

        def __init__(self) -> None:
            self.readings: list[Reading] = []

        def after_train_epoch(self, runner: Runner) -> None:
            workers = sorted(child.pid or 0 for child in multiprocessing.active_children())
            samples = (runner.epoch + 1) * len(runner.train_dataloader) * runner.train_dataloader.batch_size
            self.readings.append(Reading(samples, held(os.getpid()), [held(pid) for pid in workers]))
            watch.write_text(json.dumps(self.readings))

    config = load_config(REPOSITORY / 'configs/demo/pretrain.py', options)
    import_modules_from_strings(**config.custom_imports)
    config.launcher = 'none'
    runner = runner_from(config)
    runner.register_hook(Watch(), priority='VERY_LOW')
    runner.train()


if __name__ == '__main__':
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
