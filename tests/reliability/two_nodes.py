"""A short pretraining on two machines: starting it, and the runs that it is compared with."""

import shutil
import tempfile
import time
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
from cluster import Cluster, kill_all, script
from short_run import CONFIG, VIDEOS, command, launch, make_videos, options, start, state
from signals import logged

RANKS = 2  # of a machine
TOLERANCES = {2: 1e-4, 10: 1e-2, 30: 1e-2}
"""Steps -> relative difference of the losses of another number of processes, which round otherwise in fp32.

Chosen after measuring, on one machine: 4 processes and one differ by 3e-7 in the first step, 5e-6 after one update and
6e-4 in 10 steps; one process whose weights begin 1e-5 apart differs by 5e-6 and 8e-4 from itself, by SGD 4 and one by
2e-5 and 6e-3. That the sums are the same ones is shown in fp64 by `OF_ONE_PROCESS`; that machines add nothing, by the
bits of as many processes on one.
"""
KILL_AFTER = 5
OF_NODES = 'tests/engine/test_nodes.py'
PATIENCE = 900.0  # seconds; beside other work, processes of two machines on two cores take minutes to start


class Site:
    """The cluster, a folder that its machines share, and the videos, of which machine 1 can have a copy of its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.videos = make_videos(folder / 'set')
        self.how = (
            'network namespaces with addresses and host names of their own'
            if cluster.isolated
            else 'two addresses of the loopback device'
        )

    def options(self, name: str, steps: int) -> dict[str, Any]:
        """An epoch has one step, of all videos. Without dropout, whose draws depend on the process."""
        chosen = options(self.videos, self.folder / name, epochs=steps, keep=2, by_epoch=True)
        return chosen | {'model.motion_head.predictor.dropout': 0.0}

    def copy(self) -> tuple[Path, Path]:
        """A copy of the videos, and where machine 1 sees it."""
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / 'copy'
        return shutil.copytree(self.videos, folder), self.videos

    def log(self, name: str, node: int) -> Path:
        return self.folder / f'{name}_{node}.log'

    def launch(
        self, name: str, node: int, steps: int, *, ranks: int = RANKS, nodes: str = '2', own_copy: Any = None,
        batch: tuple[str, ...] = ('--global-batch', str(VIDEOS)), extra: dict[str, Any] | None = None,
        again: bool = False, wait: int = 600,
    ) -> Popen:  # fmt: skip
        """tools/dist_train.sh on one machine; a second start on it logs to `NAME_again`.

        Machines wait for each other for `wait` seconds.
        """
        words = ['bash', script('dist_train.sh'), str(CONFIG), str(ranks), *batch, '--cfg-options']
        words += [f'{key}={value}' for key, value in (self.options(name, steps) | (extra or {})).items()]
        log = self.log(f'{name}_again' if again else name, node)
        variables = self.cluster.variables(node, nodes) | dict(JOIN_TIMEOUT=str(wait))
        return self.cluster.start(node, words, log, own_copy, **variables)

    def alone(self, steps: int) -> dict[str, Any]:
        """The end of one process on the joined batch."""
        name = f'alone_{steps}'
        end = self.folder / name / f'epoch_{steps}.pth'
        if not end.exists():
            words = command(self.options(name, steps), '--global-batch', str(VIDEOS))
            if start(words, self.folder / f'{name}.log').wait(timeout=300):
                raise RuntimeError((self.folder / f'{name}.log').read_text()[-3000:])
        return state(end)

    def together(self, steps: int) -> dict[str, Any]:
        """The end of as many processes on one machine."""
        name = f'together_{steps}'
        end = self.folder / name / f'epoch_{steps}.pth'
        if not end.exists():
            chosen = self.options(name, steps) | {'train_dataloader.batch_size': VIDEOS // (2 * RANKS)}
            if launch(chosen, 2 * RANKS, self.folder / f'{name}.log').wait(timeout=300):
                raise RuntimeError((self.folder / f'{name}.log').read_text()[-3000:])
        return state(end)

    def undisturbed(self, steps: int) -> dict[str, Any]:
        """The end of both machines, left alone."""
        name = f'undisturbed_{steps}'
        if not (self.folder / name / f'epoch_{steps}.pth').exists():
            ended = codes([self.launch(name, node, steps) for node in (0, 1)])
            if any(ended):
                raise RuntimeError(self.said(name, 0)[-3000:])
        return self.end(name, steps)

    def compare(self, name: str, steps: int) -> tuple[str, bool]:
        """How much the losses differ from those of one process, and whether that is rounding."""
        found, expected = (np.array(run['losses']) for run in (self.end(name, steps), self.alone(steps)))
        if not len(found) == len(expected) == steps:
            return f'{len(found)} losses, not {steps}', False
        worst = {
            last: float(np.abs(found / expected - 1)[:last].max()) for last in TOLERANCES if last <= max(10, steps)
        }
        words = ' and '.join(f'{by:.1g} in the first {min(last, steps)} steps' for last, by in worst.items())
        return f'losses differ by {words}, relative', all(by < TOLERANCES[last] for last, by in worst.items())

    def end(self, name: str, steps: int) -> dict[str, Any]:
        return state(self.folder / name / f'epoch_{steps}.pth')

    def said(self, name: str, node: int) -> str:
        """What a machine has shown and logged."""
        return self.log(name, node).read_text() + logged(self.log(name, node))


def codes(processes: list[Popen], seconds: float = PATIENCE) -> list[int]:
    until = time.monotonic() + seconds
    try:
        return [process.wait(timeout=max(1, until - time.monotonic())) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                kill_all(process)
