"""Time a training step, and the effect of each lever of configs/_base_/fast_step.py.

    python benchmarks/train_step.py                    # no GPU: the demo's size; GPU: R3D-26, fast recipe, in 8 minutes
    python benchmarks/train_step.py configs/pretrain_c3d_ucf.py --json c3d.json

The input is integer noise that is already on the device; a step is preprocessing, forward, backward and update. The
loader is not included: `colour: device` costs time here, and benchmarks/loader.py shows the time it saves. The rows
change one lever at a time against the plain step (fp32, contiguous, foreach, every value read after the step), and one
row has all levers of the config. On a GPU further rows have this step as one CUDA graph, with backbone and M-Network
compiled, and for a config of configs/fast the main recipe. Rows that do not fit into --minutes are named, not timed.
Steps of all routes alternate; times are wall time, on a GPU until the device has finished.
"""

import argparse
import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio
from synthetic_batch import synthetic_batch
from torch import Tensor
from torch._inductor.exc import InductorError

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.cpu_bf16 import why_not_bf16
from cmvl_mm.engine.fast_step import compile_parts, spell_out
from cmvl_mm.models.losses import info_nce, pointwise_info_nce

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
PLAIN = dict(
    precision='fp32', memory_format='contiguous', optimizer='foreach', logs='every_step', colour='host', compile=()
)
PARTS = ('backbone', 'motion_head.m_network', 'context_head.i_network', 'motion_head.predictor')
BOTH = ('backbone', 'motion_head.m_network')
CLIPS_PER_SECOND = {'C3DBN': 600, 'VideoResNet': 900}  # targets on one H200, by V-Network
FAST_CLIPS_PER_SECOND = 600  # for R3D-26's fast recipe on an H100 or H200, and FAST_TIMES its main recipe
FAST_TIMES = 3
MAIN = 'main recipe, as configured'
GRAPH = 'as configured, one CUDA graph'


def routes_of(config: Config, device: str, parts: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Name of a row -> its levers, the most important first. Levers that a CPU does not support have no row there."""
    asked = Config.fromfile(CONFIGS / '_base_/fast_step.py').fast_step.to_dict()
    asked |= config.get('fast_step', {})
    rows = {'plain': PLAIN}
    rows |= {
        f'{lever}: {asked[lever]}': PLAIN | {lever: asked[lever]}
        for lever in ('precision', 'memory_format', 'optimizer', 'logs')
        if asked[lever] != PLAIN[lever] and not (lever == 'precision' and device == 'cpu' and why_not_bf16())
    }
    rows |= {'as configured': asked}
    if device == 'cuda':
        rows |= {'colour: device': PLAIN | dict(colour='device'), GRAPH: asked}
        rows |= {'as configured, both compiled': asked | dict(compile=BOTH)} if parts else {}
    return rows | {f'compile: {part}': PLAIN | dict(compile=(part,)) for part in parts}


def make_step(
    config: Config, levers: dict[str, Any], videos: int, device: str, *, graphed: bool = False
) -> Callable[[], None]:
    """One step of a new model and batch, whose values are read according to the lever `logs`.

    `graphed`: run the step as one CUDA graph.
    """
    config = copy.deepcopy(config)
    config.fast_step = levers
    spell_out(config, device)
    torch.manual_seed(0)
    batch = synthetic_batch(config, videos, device)
    model = MODELS.build(config.model).to(device).train()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    compile_parts(model, levers['compile'])

    def step() -> None:
        values: dict[str, Tensor] = model.train_step(batch, wrapper)
        if levers['logs'] == 'every_step':
            for value in values.values():
                value.item()
        if device == 'cuda' and not graphed:
            torch.cuda.synchronize()

    return as_graph(step) if graphed else step


def as_graph(step: Callable[[], None]) -> Callable[[], None]:
    """A whole step on a GPU, captured once and replayed: only its kernels run.

    `step` must not read from the device after its first two runs.

    Raises:
        RuntimeError: CUDA cannot capture it.
    """
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay() -> None:
        graph.replay()
        torch.cuda.synchronize()

    return replay


def loss_step(config: Config, videos: int, device: str) -> Callable[[], None]:
    """A step of both losses alone, forward and backward, at the config's sizes."""
    head = config.model.motion_head
    points = torch.Size(head.predictor.query_size).numel()
    windows = 1 + stage_of(config.train_dataloader.dataset.pipeline, 'sample').num_negatives
    channels = head.get('embed_channels', 512)
    query = torch.randn(videos, points, channels, device=device, requires_grad=True)
    key = torch.randn(videos, windows, points, channels, device=device, requires_grad=True)

    def step() -> None:
        pointwise, _ = pointwise_info_nce(query, key, 0.1)
        clipwise, _ = info_nce(query[:, 0], key[:, 0, 0], 0.1)
        torch.autograd.grad(pointwise + clipwise, (query, key))
        if device == 'cuda':
            torch.cuda.synchronize()

    return step


def measure(
    config: Config,
    name: str,
    *,
    videos: int,
    rounds: int,
    parts: tuple[str, ...],
    device: str,
    main: Config | None = None,
    minutes: float = 8,
) -> Report:
    """Measure every lever of one config, and all levers of `main`; preparing rows may take 3/4 of the minutes."""
    begun, routes, notes = time.monotonic(), [], []
    wanted = [(row, config, levers) for row, levers in routes_of(config, device, parts).items()]
    if main is not None:
        wanted.insert(1, (MAIN, main, routes_of(main, device, ())['as configured']))
    for row, of, levers in wanted:
        if time.monotonic() - begun > 45 * minutes and row not in ('plain', 'as configured'):
            notes.append(f'{row} was left out: {minutes:g} minutes would not have been enough')
            continue
        try:
            step = make_step(of, levers, videos, device, graphed=row == GRAPH)
            step()
        except (InductorError, RuntimeError) as error:  # from torch.compile or a capture: reported, not timed
            if row not in (GRAPH, 'as configured, both compiled') and not row.startswith('compile'):
                raise
            notes.append(f'{row} does not run here: {type(error).__name__}: {str(error).splitlines()[0]}')
        else:
            routes.append(Route(row, 'ours' if row == 'as configured' else 'peer', step, units=videos))
    routes.append(Route('losses alone', 'limit', loss_step(config, videos, device), units=videos))
    timings = alternate(routes, rounds, 'wall')
    faster = ratio(timings, 'as configured', 'plain')
    loss_share = 1 / ratio(timings, 'losses alone', 'as configured')
    clips = next(timing.per_second for timing in timings if timing.name == 'as configured')
    notes.append(f'the losses are {loss_share:.2%} of a step as configured')
    targets = []
    if device == 'cuda' and main is not None:
        targets = [
            Target(f'clips/s of {name}', clips, FAST_CLIPS_PER_SECOND),
            Target('times the main recipe', ratio(timings, 'as configured', MAIN), FAST_TIMES),
        ]
    elif device == 'cuda':
        bound = CLIPS_PER_SECOND[config.model.backbone.type]
        targets = [
            Target('times the plain step', faster, 3),
            Target(f'clips/s of {config.model.backbone.type}', clips, bound),
            Target('share of the losses', loss_share, 0.03, 'at most'),
        ]
    else:
        notes.append(
            'no GPU here, not measured: 3 x the plain step, C3D 600 and R3D-26 900 clips/s, losses < 3 %; R3D-26, fast '
            'recipe, 600 clips/s and 3 x the main one'
        )
    return Report(
        title=f'{name}, batch {videos}, {device}, {torch.get_num_threads()} threads',
        unit='clips',
        clock='wall',
        timings=timings,
        targets=targets,
        notes=notes,
    )


def main(argv: list[str] | None = None) -> None:
    device = get_device()
    default = CONFIGS / ('fast/pretrain_r3d26_ucf.py' if device == 'cuda' else 'demo/pretrain.py')
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', nargs='?', type=Path, default=default, help='config of a pretraining (default: %(default)s)'
    )
    parser.add_argument('--batch', type=int, help='default: the config’s')
    parser.add_argument(
        '--compile', nargs='*', default=list(PARTS), metavar='PART', help='parts to compile, a row each'
    )
    parser.add_argument('--minutes', type=float, default=8, help='time limit of the whole run (default: %(default)s)')
    add_arguments(parser, rounds=5)
    args = parser.parse_args(argv)
    facts = machine()
    config = load_config(args.config)
    main_path = CONFIGS / args.config.name
    with_main = device == 'cuda' and args.config.parent.name == 'fast' and main_path.exists()
    with DefaultScope.overwrite_default_scope(config.default_scope):
        report = measure(
            config,
            args.config.stem
            if args.config.parent.name == 'configs'
            else f'{args.config.parent.name}/{args.config.stem}',
            videos=args.batch or config.train_dataloader.batch_size,
            rounds=args.rounds,
            parts=tuple(args.compile),
            device=device,
            main=load_config(main_path) if with_main else None,
            minutes=args.minutes,
        )
    publish([report], ['plain'], facts, args.json)


if __name__ == '__main__':
    main()
