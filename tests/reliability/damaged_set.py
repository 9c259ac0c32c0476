"""A data set with broken videos: epochs end, all have the exact list, stand-ins follow a rule, too many stop the run.

Trainings run as processes of their own, `python damaged_set.py SPEC.json`, two of them joined by gloo where it says so.
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from finding import Finding, Size
from mmaction.registry import DATASETS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.sample_index import order_generator
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.hooks import SkippedVideosHook
from cmvl_mm.engine.launch import runner_from
from cmvl_mm.engine.sampler import ResumableSampler
from cmvl_mm.video.controlled import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.video.encode import write_video

REPOSITORY = Path(__file__).resolve().parents[2]
SEED = 3
GLOBAL_BATCH = 10
LOG_INTERVAL = 2  # iterations
TINY = {
    'train_dataloader.persistent_workers': False,
    'model.backbone.width': 4,
    'model.context_head.in_channels': 32,
    'model.context_head.i_network.width': 4,
    'model.motion_head.predictor.in_channels': 32,
    'model.motion_head.m_network.width': 4,
    'param_scheduler.0.begin': 1,
    'param_scheduler.0.end': 2,
    'default_hooks.logger.interval': LOG_INTERVAL,
    'randomness.seed': SEED,
}
GUARD = 'tests/reliability/test_damaged_set.py::test_promises'


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


def findings(size: Size) -> list[Finding]:
    """1 % and 5 % broken videos that may be replaced, and 10 % that may not; light: 5 % and 10 % of a short list."""
    videos, shares, workers = (40, [5], (0, 2)) if size == 'light' else (400, [1, 5], (0, 2, 4))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = {share: make_set(folder / f'broken{share}', videos, share) for share in shares}
        trainings = (
            [(5, 2, 2)]
            if size == 'light'
            else [(share, ranks, w) for share in sets for ranks in (1, 2) for w in workers]
        )
        return [
            *epochs_end(sets, trainings, folder),
            stand_ins_follow_a_rule(sets, workers),
            too_many_stop_the_run(folder, videos),
        ]


def epochs_end(sets: dict[int, VideoSet], trainings: list[tuple[int, int, int]], folder: Path) -> list[Finding]:
    """Train one epoch and hold each process's list against the truth; look at every picture that was trained on."""
    exact, ended, flattest, pictures = 0, 0, np.inf, 0
    lists = 0
    for share, ranks, workers in trainings:
        run = Training(sets[share], ranks, workers, folder / f'run_{share}_{ranks}_{workers}')
        ended += run.codes == [0] * ranks
        lists += ranks
        exact += sum(set(reported) == sets[share].broken for reported in run.reported)
        for watched in run.watched:
            spreads = [sample['spread'] for line in watched for sample in line['samples']]
            flattest, pictures = min(flattest, *spreads), pictures + len(spreads)
    tested = (
        f'{len(trainings)} trainings of one epoch on {sets[5].videos} videos, {" or ".join(map(str, sets))} % of them '
        f'empty, missing, cut off, noise, or undecodable; processes {sorted({ranks for _, ranks, _ in trainings})}, '
        f'workers {sorted({workers for *_, workers in trainings})}'
    )
    return [
        Finding(
            promise='An epoch ends in spite of broken videos, and every process reports the exact list of them.',
            tested=tested,
            figure=f'{ended} of {len(trainings)} trainings ended; {exact} of {lists} lists equal the truth.',
            held=ended == len(trainings) and exact == lists,
            guard=GUARD,
        ),
        Finding(
            promise='No sample is filled with zeros in place of a broken video.',
            tested='the same trainings, every clip',
            figure=f'{pictures} clips; the flattest has a standard deviation of {flattest:.0f} grey values.',
            held=flattest > 5,
            guard=GUARD,
        ),
    ]


def stand_ins_follow_a_rule(sets: dict[int, VideoSet], workers: tuple[int, ...]) -> Finding:
    """The samples of an epoch, however it is shared among processes and workers and wherever it is entered."""
    differing, compared, replaced, ways = 0, 0, 0, 0
    for videos in sets.values():
        expected = epoch_of_samples(videos, workers=0, ranks=1)
        replaced += sum(bool(skipped) for _, skipped, _ in expected.values())
        for count in workers:
            for ranks in (1, 2):
                for start in (0, len(expected) // ranks // 2):
                    found = epoch_of_samples(videos, workers=count, ranks=ranks, start=start)
                    assert len(found) == len(expected) - start * ranks
                    ways, compared = ways + 1, compared + len(found)
                    differing += sum(found[place] != expected[place] for place in found)
    return Finding(
        promise='What stands in for a broken video depends on seed, epoch and index alone.',
        tested=f'{ways} ways through an epoch: {workers} workers, 1 and 2 processes, from its start and resumed in its '
        'middle; SHA-256 of all inputs',
        figure=f'{differing} of {compared} samples differ; {replaced} videos had stand-ins.',
        held=differing == 0 and replaced > 0,
        guard=GUARD,
    )


def too_many_stop_the_run(folder: Path, videos: int) -> Finding:
    """10 % broken where 5 % are allowed, all of them among those that the second process draws."""
    mine = order_generator(SEED, 0).permutation(videos)[1::2]
    damaged = make_set(folder / 'too_many', videos, 10, among=mine)
    run = Training(damaged, 2, 0, folder / 'run_too_many')
    named = [set(re.findall(r'^(?:\[rank\d\]:)? +\S*(video\d+\.mp4): ', text, re.MULTILINE)) for text in run.stderr]
    passed = next(line['time'] for line in run.watched[1] if line['met'] > 0.05 * videos)
    seconds = max(run.ended) - passed
    stopped = all(code not in (0, None) for code in run.codes) and all(
        'TooManyBrokenVideos' in text for text in run.stderr
    )
    same = named[0] == named[1] and 0.05 * videos < len(named[0]) <= len(damaged.broken) and named[0] <= damaged.broken
    return Finding(
        promise='Past the configured share of broken videos, all processes stop with the same list and an exit code.',
        tested=f'2 gloo processes, {len(damaged.broken)} of {videos} videos broken, all met by one of them; 5 % are '
        'allowed, the log has a line every 2 iterations',
        figure=f'Exit codes {run.codes}; both name the same {len(named[0])} videos; both ended {seconds:.1f} s after '
        'the share was passed.',
        held=stopped and same and seconds < 30,
        guard=GUARD,
    )


def make_set(root: Path, videos: int, share: int, among: np.ndarray | None = None) -> VideoSet:
    """`videos` copies of 8 controlled videos, `share` % of them broken: drawn from all, or from the places `among`."""
    (root / 'sound').mkdir(parents=True)
    kinds = []
    for label, motion in enumerate(MOTIONS):
        path = root / 'sound' / f'{label}.mp4'
        write_video(make_controlled_video((1, label), CONTEXTS[label], motion)[0], path, quantiser=4)
        kinds.append(path.read_bytes())
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


def epoch_of_samples(
    videos: VideoSet, *, workers: int, ranks: int, start: int = 0
) -> dict[int, tuple[str, tuple[str, ...], str]]:
    """Place in the epoch -> path, paths that could not be used, hash of all inputs."""
    config = load_config(REPOSITORY / 'configs/demo/pretrain.py')
    config.merge_from_dict(TINY | videos.options)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    found = {}
    for rank in range(ranks):
        sampler = ResumableSampler(dataset, seed=SEED)
        sampler.rank, sampler.world_size = rank, ranks
        sampler.set_epoch(1)
        sampler.set_start(start)
        loader = DataLoader(
            dataset,
            batch_size=None,
            sampler=sampler,
            num_workers=workers,
            multiprocessing_context='fork' if workers else None,
        )
        for number, sample in enumerate(loader, start=start):
            found[number * ranks + rank] = described(sample['data_samples'], sample['inputs'])
    return found


def described(data_sample: Any, inputs: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    """Path, paths that could not be used, hash of all inputs."""
    digest = hashlib.sha256()
    for key in sorted(inputs):
        digest.update(np.ascontiguousarray(inputs[key]).tobytes())
    return data_sample.path, tuple(entry.path for entry in data_sample.skipped), digest.hexdigest()


class Training:
    """One epoch in `ranks` processes that share a global batch of 10."""

    def __init__(self, videos: VideoSet, ranks: int, workers: int, work_dir: Path) -> None:
        work_dir.mkdir(parents=True)
        options = TINY | videos.options
        options |= {
            'work_dir': str(work_dir),
            'train_dataloader.batch_size': GLOBAL_BATCH // ranks,
            'train_dataloader.num_workers': workers,
            'train_cfg.max_epochs': 1,
        }
        spec = work_dir / 'spec.json'
        spec.write_text(json.dumps(options))
        environment = os.environ | dict(
            OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore', PYTHONPATH=str(REPOSITORY), MASTER_ADDR='127.0.0.1',
            MASTER_PORT=_free_port(), WORLD_SIZE=str(ranks),
        )  # fmt: skip
        errors = [work_dir / f'stderr{rank}.txt' for rank in range(ranks)]
        processes = []
        for rank, path in enumerate(errors):
            with path.open('w') as sink:
                command = [sys.executable, __file__, str(spec)]
                own = environment | dict(RANK=str(rank), LOCAL_RANK=str(rank))
                processes.append(subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=sink))
        self.codes: list[int | None] = []
        self.ended: list[float] = []
        deadline = time.time() + 300
        waiting = dict(enumerate(processes))
        ended: dict[int, float] = {}
        while waiting and time.time() < deadline:
            time.sleep(0.05)
            for rank in [rank for rank, process in waiting.items() if process.poll() is not None]:
                ended[rank] = time.time()
                del waiting[rank]
        for process in waiting.values():
            process.kill()
        self.codes = [process.wait() for process in processes]
        self.ended = [ended.get(rank, deadline) for rank in range(ranks)]
        self.stderr = [path.read_text() for path in errors]
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
    config = load_config(REPOSITORY / 'configs/demo/pretrain.py')
    config.merge_from_dict(json.loads(spec.read_text()))
    config.launcher = 'pytorch' if os.environ['WORLD_SIZE'] != '1' else 'none'
    runner = runner_from(config)
    runner.register_hook(Watcher(spec.parent / f'watched{get_rank()}.jsonl'))
    runner.train()
    hook = next(hook for hook in runner.hooks if isinstance(hook, SkippedVideosHook))
    (spec.parent / f'reported{get_rank()}.jsonl').write_text(
        ''.join(json.dumps(p) + '\n' for p in sorted(hook.reported))
    )


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


if __name__ == '__main__':
    train(Path(sys.argv[1]))
