"""kill -9 to the tasks of an array, as Slurm has them, and to their workers, over one folder of embeddings."""

import random
import subprocess
import time
from pathlib import Path

from embedding_runs import PROCESSES, WORKERS, blocks_of, differences, hashes_of, kill, number_of, workers_of
from finding import Finding
from openings import Openings, begun_again
from short_run import start

KILLS_OF_AN_ARRAY = 5


def killed_shares(videos: Path, folder: Path, expected: Path, kills: int, runs: int) -> Finding:
    """SIGKILL workers and commands of the tasks of an array, each a share with one worker; a task whose command was
    killed begins again, as Slurm does with one that is requeued."""
    draw, moment, turn = random.Random(3), random.Random(4), 0
    left, done = ['worker'] * kills + ['command'] * runs, dict(worker=0, command=0)
    draw.shuffle(left)
    problems, codes, again = [], [], []
    while left:
        parts, before = 0, len(left)
        with Openings(videos) as opened:
            array = _Array(videos, folder / f'array_{turn}')
            while not (ended := array.ended()):
                time.sleep(0.02)
                if array.parts() > parts and len(left) > max(0, before - KILLS_OF_AN_ARRAY):
                    time.sleep(moment.uniform(0, 1))  # so that each kill follows some progress
                    parts = array.parts()
                    if array.killed(draw, left[0]):
                        done[left.pop(0)] += 1
            again.append(begun_again(opened.names(), blocks_of(expected)))
        kills_now = before - len(left)
        problems += [] if again[-1] <= kills_now else [f'{again[-1]} blocks begun again by {kills_now} kills']
        codes += ended
        problems += differences(array.out, expected) + array.made_twice
        turn += 1
    return Finding(
        promise='A share of `cmvl embed --shard I/N` whose worker is killed completes its parts; one that is killed '
        'itself completes them when it is started again. No row is lost, none is there twice, finished parts stay.',
        tested=f'{WORKERS} shares at once, of one worker each, as an array of Slurm has them, {turn} times; kill -9 to '
        f'{done["worker"]} workers and {done["command"]} whole shares at random moments, and the same command again; '
        f'{number_of(videos)} videos, {len(hashes_of(expected))} parts, compared with those of a run left alone; '
        'openings of videos watched',
        figure=f'exit codes {sorted(set(codes))}; {sum(again)} blocks begun again; {len(problems)} parts differ, are '
        f'missing, were made twice or begun again without a kill {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard='tests/workflows/test_embed_folder.py::test_a_worker_that_is_killed_costs_the_block_it_is_at',
    )


class _Array:
    """Shares that run at once over one folder."""

    def __init__(self, videos: Path, out: Path) -> None:
        self.out, self._videos, self._starts = out, videos, 0
        self.made_twice: list[str] = []
        self._shares = {number: self._begun(number) for number in range(1, WORKERS + 1)}
        self._seen: dict[str, int] = {}

    def _begun(self, number: int) -> subprocess.Popen:
        self._starts += 1
        words = ['-m', 'cmvl_mm', 'embed', str(self._videos), '-o', f'{self.out}/', '--shard', f'{number}/{WORKERS}']
        return start([*words, '--workers', '1'], self.out.with_name(f'{self.out.name}_{self._starts}.log'))

    def parts(self) -> int:
        """How many are there; one that is written a second time is noted."""
        now = {path.name: path.stat().st_mtime_ns for path in (self.out / 'parts').glob('*.parquet')}
        self.made_twice += [name for name, written in self._seen.items() if now.get(name) != written]
        self._seen = now
        return len(now)

    def killed(self, draw: random.Random, what: str) -> bool:
        """Kill the command of a share that is at work, which begins again at once, or its worker."""
        running = [number for number, process in self._shares.items() if process.poll() is None]
        if not running:
            return False
        number = draw.choice(running)
        process = self._shares[number]
        workers = workers_of(PROCESSES, process.pid)
        if not workers:  # about to begin, or at the end
            return False
        if what == 'worker':
            return kill(workers[0])
        if not kill(process.pid):
            return False
        process.wait()
        self._shares[number] = self._begun(number)
        return True

    def ended(self) -> list[int]:
        """The exit codes, when all have ended."""
        codes = [process.poll() for process in self._shares.values()]
        return [] if None in codes else [code for code in codes if code is not None]
