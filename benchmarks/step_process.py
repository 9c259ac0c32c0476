"""Run training steps of one build in a separate process, so that two builds can run in turn.

The process reads a line for every requested step and answers with the CPU seconds of the step, on one thread.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self


class StepProcess:
    """A process of one build that waits for its turn.

    Args:
        tree: root of the build; its cmvl_mm and its benchmarks/train_step.py are used.
        config: config of a pretraining, relative to `tree`.
        videos: videos per batch, which is noise as in train_step.py.
        precision: 'fp32' or 'bf16'; the other levers are those of the config, or of a plain step.
    """

    def __init__(self, tree: Path, config: str, videos: int, precision: str) -> None:
        self.name = f'{tree / config}, {precision}'
        words = [sys.executable, '-W', 'ignore', __file__, str(tree), config, str(videos), precision]
        environment = os.environ | {'OMP_NUM_THREADS': '1'}
        environment.pop('PYTHONPATH', None)
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=tree
        )

    def step(self) -> float:
        """CPU seconds of one step.

        Raises:
            RuntimeError: the process has ended; its messages are on stderr.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write('step\n')
            self._process.stdin.flush()
            return float(self._process.stdout.readline())
        except (BrokenPipeError, ValueError) as error:
            raise RuntimeError(f'{self.name}: ended with exit code {self._process.wait()}; see above') from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def serve(tree: Path, config: str, videos: int, precision: str) -> None:
    """Run the build's steps in the separate process as long as steps are requested."""
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)  # keep output of libraries out of the answers
    step = make_step(tree, config, videos, precision)
    for _ in sys.stdin:
        begin = time.process_time()
        step()
        answers.write(f'{time.process_time() - begin}\n')


def make_step(tree: Path, config_path: str, videos: int, precision: str) -> Callable[[], None]:
    """The step that train_step.py of the build times.

    Raises:
        ValueError: the build would train in another precision on this machine.
    """
    sys.path[:0] = [str(tree), str(tree / 'benchmarks')]
    from mmengine.registry import DefaultScope
    from train_step import PLAIN, load_config, spell_out
    from train_step import make_step as make

    config = load_config(tree / config_path)
    levers = dict(config.get('fast_step') or PLAIN) | {'precision': precision}
    config.fast_step = levers
    spelt = config.copy()
    spell_out(spelt, 'cpu')
    if spelt.optim_wrapper.precision != precision:
        raise ValueError(
            f'{tree / config_path}: trains in {spelt.optim_wrapper.precision} on this machine, not in {precision}. '
            'Remedy: omit this route.'
        )
    with DefaultScope.overwrite_default_scope(config.default_scope):
        step: Callable[[], None] = make(config, levers, videos, 'cpu')
    return step


if __name__ == '__main__':
    serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
