"""A training on a set with broken videos, as processes of their own: `python broken_training.py SPEC.json`."""

import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from short_run import NARROW, VIDEOS, config, make_videos, start

from cmvl_mm.engine.hooks import SkippedVideosHook
from cmvl_mm.engine.launch import end, runner_from

SEED = 3
GLOBAL_BATCH = 10
LOG_INTERVAL = 2  # iterations
TINY = {
    'train_dataloader.persistent_workers': False,
    **NARROW,
    'param_scheduler.0.begin': 1,
    'param_scheduler.0.end': 2,
    'default_hooks.logger.interval': LOG_INTERVAL,
    'randomness.seed': SEED,
}


@dataclass(frozen=True)
class VideoSet:
    """A list of videos, and which of them are broken."""

    root: Path
    videos: int
    broken: frozenset[str]

    @property
    def options(self) -> dict[str, Any]:
        """Of a config that trains on it."""
        dataset = 'train_dataloader.dataset'
        return {f'{dataset}.ann_file': str(self.root / 'list.txt'), f'{dataset}.data_prefix.video': str(self.root)}


def make_set(root: Path, videos: int, share: int, among: np.ndarray | None = None) -> VideoSet:
    """`videos` copies of 8 controlled videos, `share` % of them broken: drawn from all, or from the places `among`."""
    sound = make_videos(root / 'sound')
    kinds = [(sound / f'videos/{label}.mp4').read_bytes() for label in range(VIDEOS)]
    names = [f'video{number:03}.mp4' for number in range(videos)]
    (root / 'list.txt').write_text(''.join(f'{name}\n' for name in names))
    rng = np.random.default_rng(share)
    broken = rng.choice(videos if among is None else among, videos * share // 100, replace=False)
    ways = dict.fromkeys(broken.tolist())
    for turn, number in enumerate(ways):
        ways[number] = turn
    for number, name in enumerate(names):
        data = kinds[number % len(kinds)]
        if number in ways:
            data = _break(data, ways[number], rng)
        if data is not None:
            (root / name).write_bytes(data)
    return VideoSet(root, videos, frozenset(names[number] for number in ways))


def _break(data: bytes, turn: int, rng: np.random.Generator) -> bytes | None:
    """Empty, missing, cut off, noise, or with every packet overwritten."""
    body = data.index(b'mdat') + 4
    return (
        b'',
        None,
        data[: len(data) // 2],
        rng.bytes(len(data)),
        data[:body] + rng.bytes(data.index(b'moov') - 4 - body) + data[data.index(b'moov') - 4 :],
    )[turn % 5]


class Training:
    """One epoch in `ranks` processes that share a global batch of 10."""

    def __init__(self, videos: VideoSet, ranks: int, workers: int, work_dir: Path) -> None:
        work_dir.mkdir(parents=True)
        options = {
            'work_dir': str(work_dir),
            'train_dataloader.batch_size': GLOBAL_BATCH // ranks,
            'train_dataloader.num_workers': workers,
            'train_cfg.max_epochs': 1,
        }
        spec = work_dir / 'spec.json'
        spec.write_text(json.dumps(TINY | videos.options | options))
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = str(probe.getsockname()[1])
        logs = [work_dir / f'printed{rank}.txt' for rank in range(ranks)]
        processes = [
            start(
                [__file__, str(spec)], log, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(ranks),
                MASTER_ADDR='127.0.0.1', MASTER_PORT=port,
            )
            for rank, log in enumerate(logs)
        ]  # fmt: skip
        deadline = time.time() + 300
        ended: dict[int, float] = {}
        while len(ended) < ranks and time.time() < deadline:
            time.sleep(0.05)
            for rank, process in enumerate(processes):
                if process.poll() is not None:
                    ended.setdefault(rank, time.time())
        for process in processes:
            process.kill()
        self.codes = [process.wait() for process in processes]
        self.ended = [ended.get(rank, deadline) for rank in range(ranks)]
        self.printed = [log.read_text() for log in logs]
        self.watched = [_lines(work_dir / f'watched{rank}.jsonl') for rank in range(ranks)]
        self.reported = [_lines(work_dir / f'reported{rank}.jsonl') for rank in range(ranks)]


class Watcher(Hook):
    """Writes down what each iteration was given."""

    priority = 'VERY_HIGH'

    def __init__(self, path: Path) -> None:
        self.path = path
        self.met: set[str] = set()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        samples = []
        for number, data_sample in enumerate(data_batch['data_samples']):
            self.met |= {entry.path for entry in data_sample.skipped}
            samples.append(dict(spread=float(data_batch['inputs']['imgs'][number].float().std())))
        with self.path.open('a') as sink:
            sink.write(json.dumps(dict(time=time.time(), met=len(self.met), samples=samples)) + '\n')


def train(spec: Path) -> None:
    """One process of a training; leaves the list that its hook reported."""
    made = config(json.loads(spec.read_text()))
    made.launcher = 'pytorch' if os.environ['WORLD_SIZE'] != '1' else 'none'
    runner = runner_from(made)
    runner.register_hook(Watcher(spec.parent / f'watched{get_rank()}.jsonl'))
    runner.train()
    hook = next(hook for hook in runner.hooks if isinstance(hook, SkippedVideosHook))
    reported = ''.join(json.dumps(path) + '\n' for _, path in sorted(hook.reported))
    (spec.parent / f'reported{get_rank()}.jsonl').write_text(reported)
    end(made)


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


if __name__ == '__main__':
    train(Path(sys.argv[1]))
