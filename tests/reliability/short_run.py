"""A pretraining that takes seconds, through the real data loader, hooks and command line: what several checks train."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from started import MARK, note

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.video.encode import write_video

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / 'configs' / 'demo' / 'pretrain.py'
VIDEOS = len(MOTIONS)
NARROW = {
    'model.backbone.width': 4,
    'model.context_head.in_channels': 32,
    'model.context_head.i_network.width': 4,
    'model.motion_head.predictor.in_channels': 32,
    'model.motion_head.m_network.width': 4,
}
"""The demo's networks, small."""


def make_videos(folder: Path, times: int = 1) -> Path:
    """Eight videos of the controlled set, and their list, with each of them so many times."""
    (folder / 'videos').mkdir(parents=True)
    lines = []
    for label, motion in enumerate(MOTIONS):
        frames, _ = make_controlled_video((1, label), CONTEXTS[label], motion)
        write_video(frames, folder / 'videos' / f'{label}.mp4', quantiser=4)
        lines.append(f'videos/{label}.mp4 {label}\n')
    (folder / 'train.txt').write_text(''.join(lines * times))
    return folder


def options(
    videos: Path, work_dir: Path, *, epochs: int = 2, batch: int = 2, workers: int = 0, persistent: bool = False,
    keep: int = -1, by_epoch: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The demo's pretraining with small networks: `VIDEOS / batch` iterations an epoch, a checkpoint after each one.

    Dropout is on, every loss is logged, and all checkpoints are kept; `batch` is of one process.
    """
    return {
        'train_cfg.max_epochs': epochs,
        'train_dataloader.batch_size': batch,
        'train_dataloader.num_workers': workers,
        'train_dataloader.persistent_workers': persistent,
        'default_hooks.checkpoint.max_keep_ckpts': keep,
        'default_hooks.checkpoint.by_epoch': by_epoch,
        'work_dir': str(work_dir),
        'experiment_name': f'{work_dir.parent.name}_{work_dir.name}',  # MMEngine's own is equal within a second
        'train_dataloader.dataset.ann_file': str(videos / 'train.txt'),
        'train_dataloader.dataset.data_prefix.video': str(videos),
        **NARROW,
        'model.motion_head.predictor.dropout': 0.1,
        'param_scheduler.0.begin': 1,
        'param_scheduler.0.end': epochs,
        'default_hooks.logger.interval': 1,
    }


def config(chosen: dict[str, Any], **extra: Any) -> Config:
    return load_config(CONFIG, chosen | extra)


def train(chosen: dict[str, Any], **extra: Any) -> CompressedRunner:
    runner = CompressedRunner.from_cfg(config(chosen, **extra))
    runner.train()
    return runner


def command(chosen: dict[str, Any], *words: str) -> list[str]:
    """The words after `python` that run tools/train.py with these options."""
    return [str(REPOSITORY / 'tools' / 'train.py'), str(CONFIG), *words, '--cfg-options', *_merged(chosen)]


def _merged(chosen: dict[str, Any]) -> list[str]:
    return [f'{key}={value}' for key, value in chosen.items()]


def launch(chosen: dict[str, Any], ranks: int, log: Path, *words: str, **variables: str) -> subprocess.Popen:
    """Start tools/dist_train.sh with these options, as a user does; its children are the ranks."""
    script = [str(REPOSITORY / 'tools' / 'dist_train.sh'), str(CONFIG), str(ranks), *words]
    return start([*script, '--cfg-options', *_merged(chosen)], log, 'bash', PYTHON=sys.executable, **variables)


def start(words: list[str], log: Path, program: str = sys.executable, **variables: str) -> subprocess.Popen:
    """Start `python words` from this checkout in a process group of its own; what it prints goes to a file.

    Whoever calls it is inside of `ending_what_it_starts`, as `run_all.py` and the tests of this folder are.
    """
    environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHONPATH=str(REPOSITORY), PYTHONWARNINGS='ignore')
    environment |= variables | MARK
    with log.open('w') as file:
        pipes = dict(stdout=file, stderr=subprocess.STDOUT)
        return note(subprocess.Popen([program, *words], env=environment, start_new_session=True, **pipes))


def difference(one: Any, other: Any, path: str = '') -> str | None:
    """Where two nested structures first differ in a single bit; None if they do not."""
    if type(one) is not type(other):
        return f'{path}: {type(one).__name__} and {type(other).__name__}'
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return f'{path}: keys {sorted(map(str, one.keys() ^ other.keys()))}'
        pairs = [(f'{path}.{key}', one[key], other[key]) for key in one]
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return f'{path}: {len(one)} and {len(other)} entries'
        pairs = [(f'{path}[{i}]', a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, torch.Tensor):
        return None if torch.equal(one, other) else f'{path}: by {(one - other).abs().max():g} at most'
    else:
        return None if one == other else f'{path}: {one!r} and {other!r}'
    return next((found for name, a, b in pairs if (found := difference(a, b, name)) is not None), None)


def state(checkpoint: Path) -> dict[str, Any]:
    """What must not depend on an interruption: weights, optimiser, schedule, and the loss of every step."""
    held = read_checkpoint(checkpoint)
    losses = held['message_hub']['log_scalars']['train/loss'].data[0].tolist()
    return {key: held[key] for key in ('state_dict', 'optimizer', 'param_schedulers')} | dict(losses=losses)


def hash_tensors(named: Iterable[tuple[str, Any]]) -> str:
    """SHA-256 over names, types, shapes and every bit of tensors or arrays."""
    digest = hashlib.sha256()
    for name, tensor in named:
        array = np.ascontiguousarray(tensor)
        digest.update(f'{name} {array.dtype} {array.shape}'.encode() + array.tobytes())
    return digest.hexdigest()
