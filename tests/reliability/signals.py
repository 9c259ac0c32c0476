"""A signal ends a run after an iteration, with a checkpoint, and the resumed run equals one that had no signal."""

import multiprocessing
import os
import re
import signal
import tempfile
import time
from pathlib import Path
from subprocess import Popen

import torch.distributed as dist
from finding import Finding, Size
from short_run import command, difference, launch, make_videos, options, start, state

from cmvl_mm.checkpoints.pretrained import resolve_checkpoint
from cmvl_mm.engine.signals import Agreement, exit_code

EPOCHS = 4  # of 4 iterations
SIGNAL_AFTER = 6
AGREEMENTS = 2000
LIMIT = 30.0


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(Path(folder) / 'set')
        whole_group = [(signal.SIGTERM, 2)] if size == 'light' else [(signal.SIGTERM, 2), (signal.SIGINT, 2)]
        one_rank = [signal.SIGTERM] if size == 'light' else [signal.SIGTERM, signal.SIGINT] * 3
        return [
            *(of_one_process(videos, Path(folder), number, workers) for number, workers in whole_group),
            to_one_rank(videos, Path(folder), one_rank),
            *([second_signal(Path(folder))] if size == 'heavy' else []),
            cost_of_agreeing(Path(folder)),
        ]


def of_one_process(videos: Path, folder: Path, number: int, workers: int) -> Finding:
    """Signal a run and its data-loader workers, as a scheduler or Ctrl-C does; resume; compare with a run in one go."""
    name = signal.Signals(number).name
    shape = dict(epochs=EPOCHS, workers=workers, keep=2, by_epoch=True)
    chosen = options(videos, folder / name, **shape)
    process = start(command(chosen), folder / f'{name}.log')
    wait_for_iteration(process, folder / f'{name}.log', SIGNAL_AFTER)
    begun = time.monotonic()
    os.killpg(process.pid, number)
    code, seconds = process.wait(timeout=120), time.monotonic() - begun
    stopped = resolve_checkpoint(folder / name)
    # by the command line, too: on another number of threads a run rounds differently
    for words in (command(chosen, '--resume'), command(options(videos, folder / f'{name}_unbroken', **shape))):
        start(words, folder / f'{name}_end.log').wait(timeout=120)
    ends = [state(folder / run / f'epoch_{EPOCHS}.pth') for run in (name, f'{name}_unbroken')]
    differs = difference(*ends)
    return Finding(
        promise=f'{name} ends a run within {LIMIT:.0f} s with exit code {exit_code(number)} and a checkpoint of the '
        'last iteration; the resumed run equals one without the signal bit for bit.',
        tested=f'tools/train.py and its {workers} workers signalled in the middle of an epoch, then resumed',
        figure=f'exit code {code} after {seconds:.1f} s, {stopped.name}; '
        + ('equal' if differs is None else f'differs: {differs}'),
        held=code == exit_code(number) and seconds < LIMIT and stopped.name.startswith('iter_') and differs is None,
    )


def to_one_rank(videos: Path, folder: Path, numbers: list[int]) -> Finding:
    """Signal one of two ranks, the other one each time: both must stop after the same iteration."""
    codes, iterations, slowest = [], [], 0.0
    for turn, number in enumerate(numbers):
        log = folder / f'ranks_{turn}.log'
        process = launch(options(videos, folder / f'ranks_{turn}', epochs=50, batch=1, by_epoch=True), 2, log)
        wait_for_iteration(process, log, SIGNAL_AFTER + turn)
        begun = time.monotonic()
        os.kill(children(process.pid)[turn % 2], number)
        codes.append(process.wait(timeout=120))
        slowest = max(slowest, time.monotonic() - begun)
        printed = log.read_text()
        iterations.append(sorted(set(re.findall(r'Stopped by signal \d+ after iteration (\d+)', printed))))
        iterations[-1] += [] if resolve_checkpoint(folder / f'ranks_{turn}').name.startswith('iter_') else ['no file']
    return Finding(
        promise='A signal to one rank of tools/dist_train.sh stops the whole job after one iteration on all ranks, '
        'with a checkpoint and without a restart.',
        tested=f'{len(numbers)} runs of 2 ranks with the default restarts, gloo, SIGTERM and SIGINT to rank 0 and '
        'to rank 1',
        figure=f'iterations {", ".join("/".join(found) for found in iterations)}; exit codes {sorted(set(codes))}; '
        f'at most {slowest:.1f} s',
        held=all(len(found) == 1 for found in iterations)
        and codes == [exit_code(number) for number in numbers]
        and slowest < LIMIT,
    )


def second_signal(folder: Path) -> Finding:
    """A run that cannot finish its iteration: a worker is halted in a long epoch, so the next batch never comes."""
    videos = make_videos(folder / 'long_epoch', times=50)
    log = folder / 'second.log'
    process = start(command(options(videos, folder / 'second', epochs=2, workers=1)), log)
    wait_for_iteration(process, log, SIGNAL_AFTER)
    for worker in children(process.pid):
        os.kill(worker, signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    time.sleep(2)
    waiting = process.poll() is None
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, seconds = process.wait(timeout=60), time.monotonic() - begun
    os.killpg(process.pid, signal.SIGKILL)  # the halted worker
    return Finding(
        promise='A second signal ends a run at once.',
        tested='a data-loader worker halted, so that the iteration cannot end; two SIGTERMs, 2 s apart',
        figure=f'{"waited for the iteration" if waiting else "gone"} after the first; exit code {code} '
        f'{seconds:.2f} s after the second',
        held=waiting and code == exit_code(signal.SIGTERM) and seconds < 1,
        guard='tests/engine/test_signals.py::test_a_second_signal_ends_a_process_that_is_stuck_in_c',
    )


def cost_of_agreeing(folder: Path) -> Finding:
    """Two gloo ranks agree as they do before every step."""
    fork = multiprocessing.get_context('fork')
    found = fork.Queue()
    ranks = [fork.Process(target=agree_often, args=(rank, f'file://{folder}/store', found)) for rank in range(2)]
    for rank in ranks:
        rank.start()
    microseconds = max(found.get(timeout=120) for _ in ranks)
    for rank in ranks:
        rank.join()
    return Finding(
        promise='Agreeing on signals costs a step under a millisecond.',
        tested=f'{AGREEMENTS} agreements of 2 ranks of one machine, gloo',
        figure=f'{microseconds:.0f} µs each',
        held=microseconds < 1000,
        guard='tests/engine/test_signals.py::test_ranks_agree_on_a_signal_that_one_of_them_has',
    )


def agree_often(rank: int, address: str, found: multiprocessing.Queue) -> None:
    dist.init_process_group('gloo', init_method=address, rank=rank, world_size=2)
    agreement = Agreement()
    agreement.on(None)
    begun = time.monotonic()
    for _ in range(AGREEMENTS):
        agreement.on(None)
    found.put((time.monotonic() - begun) / AGREEMENTS * 1e6)
    dist.destroy_process_group()


def wait_for_iteration(process: Popen, log: Path, number: int, seconds: float = 180) -> None:
    """Until the logs that the screen names have a line of at least so many iterations.

    Args:
        log: what the process has shown on its screen.
    """
    until = time.monotonic() + seconds
    while logged(log).count('Epoch(train)') < number:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f'no {number} iterations (exit code {process.poll()}): {log.read_text()[-3000:]}')
        time.sleep(0.02)


def logged(screen: Path) -> str:
    """The contents of all log files that a screen names, of a restarted job several."""
    named = [Path(name) for name in re.findall(r'^log: (.+)$', screen.read_text(), re.MULTILINE)]
    return ''.join(path.read_text() for path in dict.fromkeys(named) if path.exists())


def children(pid: int) -> list[int]:
    """Process ids, in the order of their birth: torchrun's ranks, or a run's data-loader workers."""
    return [int(word) for word in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
