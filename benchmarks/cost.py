"""Compute the cost of a pretraining: operations, parameters, bytes to the device, decoded frames, hours on n GPUs.

    python benchmarks/cost.py configs/pretrain_c3d_ucf.py
    python benchmarks/cost.py configs/pretrain_r3d26_ucf.py --clips-per-second 900 --gpus 4
    python benchmarks/cost.py configs/pretrain_c3d_ucf.py --step step.json --loader loader.json

No training runs: torch counts the operations (two per multiply-add) of matrix products and convolutions from shapes
alone. Frames decoded per sample: the clip's span and half a GOP before it, in full; the motion windows, only for their
vectors. --step and --loader take the rates that train_step.py and loader.py wrote with --json, the latter for one core.
For a rival pretext task only the whole step of two videos is counted, by running it: see whole_step.py.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from synthetic_batch import bytes_per_sample, synthetic_batch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from whole_step import count_step, table

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config

VIDEOS = 2  # batch-norm on clips needs two
GOP = 12  # frames per GOP of cmvl prepare
TRAINING_VIDEOS = {'UCF101, split 1': 9_537, 'Kinetics-400': 240_000}
PARTS = (
    'backbone', 'context_head.i_network', 'motion_head.m_network', 'motion_head.predictor',
    'motion_head.readout', 'residual_head.r_network', 'residual_head.predictor',
    'context_head.query_projection', 'context_head.key_projection', 'motion_head.query_projection',
    'motion_head.key_projection', 'residual_head.query_projection', 'residual_head.key_projection',
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """The cost of one network for one sample."""

    name: str
    parameters: int
    forward: float
    """Operations of the forward pass; a part that sees several windows counts all windows."""
    step: float
    """Operations of forward and backward."""


def count_parts(config: Config) -> list[Part]:
    """Operations and parameters of each part of the config's pretraining; the losses are last."""
    with FakeTensorMode():  # shapes without values; the meta device has no autocast
        model = MODELS.build(config.model).train()
        calls = _calls(model, model.data_preprocessor(synthetic_batch(config, VIDEOS, 'cpu'))['inputs'])
        parts = [count_part(name, model.get_submodule(name), call) for name, call in calls.items()]
    losses = sum(
        _loss_operations(config, head, calls[f'{head}.key_projection'].shape[1])
        for head in ('motion_head', 'residual_head')
        if f'{head}.key_projection' in calls
    )
    return [*parts, Part('losses', 0, losses / 3, losses)]


def _calls(model: nn.Module, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The input of each part in one forward pass of the whole model."""
    calls: dict[str, Tensor] = {}

    def remember(name: str, given: tuple[Tensor, ...]) -> None:  # a return value would replace the input
        calls[name] = given[0]

    hooks = [
        module.register_forward_pre_hook(lambda _, given, name=name: remember(name, given))
        for name, module in model.named_modules()
        if name in PARTS
    ]
    model(inputs, mode='loss')
    for hook in hooks:
        hook.remove()
    return {name: calls[name] for name in PARTS if name in calls}


def count_part(name: str, part: nn.Module, given: Tensor) -> Part:
    """Count one part alone; the gradient of its input is computed only if the whole model computes it."""
    given = given.detach().requires_grad_(given.requires_grad)
    with FlopCounterMode(display=False) as forward, sdpa_kernel(SDPBackend.MATH):  # attention as products, to count
        result = part(given)
    with FlopCounterMode(display=False) as backward:
        sum(x.sum() for x in ([result] if isinstance(result, Tensor) else result)).backward()
    parameters = sum(value.numel() for value in part.parameters())
    once, again = forward.get_total_flops() / VIDEOS, backward.get_total_flops() / VIDEOS
    return Part(name, parameters, once, once + again)


def _loss_operations(config: Config, head: str, points: int) -> float:
    """6 P K C of a head's pointwise loss for one sample at the config's batch on one GPU."""
    windows = 1 + stage_of(config.train_dataloader.dataset.pipeline, 'sample').num_negatives
    keys = config.train_dataloader.batch_size * windows * points
    return 6 * points * keys * config.model[head].get('embed_channels', 512)


def frames_per_sample(config: Config) -> tuple[float, float]:
    """Frames of a prepared video that a sample decodes in full, and frames decoded only for their vectors."""
    sample = stage_of(config.train_dataloader.dataset.pipeline, 'sample')
    span = (sample.clip_len - 1) * sample.frame_interval + 1
    return span + (GOP - 1) / 2, sample.motion_len * (1 + sample.num_negatives)


def hours(videos: int, epochs: int, clips_per_second: float, gpus: int) -> float:
    """Hours of the whole training, if n `gpus` are n times as fast as one."""
    return videos * epochs / (clips_per_second * gpus) / 3600


def report(config: Config, rates: Sequence[float], gpus: Sequence[int], samples_per_core: float | None = None) -> str:
    """The report as Markdown; with `samples_per_core` (per second) also the cores that feed one GPU."""
    parts = count_parts(config)
    whole = sum(part.step for part in parts)
    lines = ['| part | parameters M | forward GFLOP | whole step GFLOP | share |', '|---|---:|---:|---:|---:|']
    lines += [
        f'| {part.name} | {part.parameters / 1e6:.2f} | {part.forward / 1e9:.2f} | {part.step / 1e9:.2f} '
        f'| {part.step / whole:.1%} |'
        for part in parts
        if part.step
    ]
    lines.append(
        f'| all | {sum(part.parameters for part in parts) / 1e6:.2f} | {sum(part.forward for part in parts) / 1e9:.1f} '
        f'| {whole / 1e9:.1f} | |'
    )
    (full, vectors), moved = frames_per_sample(config), bytes_per_sample(config)
    lines += [
        '',
        f'One sample: {moved / 1e6:.3f} MB to the device; {full:.0f} frames in full, {vectors:.0f} for their vectors.',
        '',
    ]
    epochs = config.train_cfg.max_epochs
    lines += [
        '| clips/s per GPU | TFLOP/s | full frames/s | MB/s | cores | '
        + ' | '.join(f'{name}, {n} GPU' for name in TRAINING_VIDEOS for n in gpus)
        + ' |',
        '|' + '---:|' * (5 + len(TRAINING_VIDEOS) * len(gpus)),
    ]
    lines += [
        f'| {rate:g} | {rate * whole / 1e12:.0f} | {rate * full:,.0f} | {rate * moved / 1e6:.0f} '
        f'| {"–" if samples_per_core is None else f"{rate / samples_per_core:.1f}"} | '
        + ' | '.join(f'{hours(videos, epochs, rate, n):.2f} h' for videos in TRAINING_VIDEOS.values() for n in gpus)
        + ' |'
        for rate in rates
    ]
    return '\n'.join([*lines, '', f'{epochs} epochs, n GPUs taken to be n times as fast as one.'])


def measured_rate(path: Path, row: str) -> float:
    """Units per second of a row in another benchmark's --json file, by the median round."""
    timings = [timing for report in json.loads(path.read_text())['reports'] for timing in report['timings']]
    found = next(timing for timing in timings if timing['name'] == row)
    return found['units'] / statistics.median(found['seconds'])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path, help='config of a pretraining')
    parser.add_argument('--clips-per-second', type=float, nargs='+', default=[300, 600, 900], help='rates of one GPU')
    parser.add_argument('--step', type=Path, help='file of train_step.py --json, for the rate')
    parser.add_argument('--loader', type=Path, help='file of loader.py --json, for samples/s of one core')
    parser.add_argument('--gpus', type=int, nargs='+', default=[1, 4])
    args = parser.parse_args(argv)
    rates = [measured_rate(args.step, 'as configured')] if args.step else args.clips_per_second
    per_core = measured_rate(args.loader, 'ours, the whole sample') if args.loader else None
    config = load_config(args.config)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        if 'pretext_head' in config.model:
            print(table({args.config.stem: count_step(config, VIDEOS)}))
            return
        print(report(config, rates, args.gpus, per_core))


if __name__ == '__main__':
    main()
