"""Time a pretraining step of configs/fast, in fp32 and bf16, against the main recipes of commit c7f3249.

    python benchmarks/fast_recipe.py                 # three networks and the demo, 15 minutes, 20 GB of memory
    python benchmarks/fast_recipe.py --nets r3d26

A step is preprocessing, forward, backward, clipping and update on a batch of noise, as in train_step.py, on one thread
of the CPU. Each route is a separate process, because one of them is another build, unpacked from this clone's history.
They run in turn, and the clock is each process's own CPU time. The batch is that of the recipes: below 16, torch uses
another kernel on one thread for 1x1x1 convolutions (`slow_conv3d`), of which R3D-26 and R(2+1)D-26 have many.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from earlier_build import REPOSITORY, unpack
from side_by_side import Report, Role, Route, Target, add_arguments, alternate, machine, publish, ratio
from step_process import StepProcess

from cmvl_mm.engine.cpu_bf16 import why_not_bf16

EARLIER = 'c7f3249'
MAIN = f'main recipe, {EARLIER}'
FAST = 'fast recipe'
FAST_BF16 = 'fast recipe, bf16'
TARGETS = {
    'r3d26': {FAST: 2.8, FAST_BF16: 4.5},
    'c3d': {FAST: 1.9, FAST_BF16: 3.2},
    'r2plus1d26': {FAST: 2.5},
    'demo': {FAST_BF16: 1.5},
}
"""Speed relative to `MAIN`, by network and route. The demo's motion maps are small in all routes."""


class Recipe(NamedTuple):
    """One route of a network."""

    name: str
    role: Role
    earlier: bool
    fast: bool
    precision: str


RECIPES = (
    Recipe(MAIN, 'peer', True, False, 'fp32'),
    Recipe(FAST, 'ours', False, True, 'fp32'),
    Recipe(FAST_BF16, 'ours', False, True, 'bf16'),
)


def config_of(net: str, *, fast: bool) -> str:
    """A config's path below the tree."""
    if net == 'demo':
        return 'configs/fast/pretrain_demo.py' if fast else 'configs/demo/pretrain.py'
    return f'configs/{"fast/" if fast else ""}pretrain_{net}_ucf.py'


def measure(net: str, videos: int, rounds: int, earlier: Path) -> Report:
    """Measure every route of one network that this CPU supports."""
    reason = why_not_bf16()
    with ExitStack() as stack:
        routes = []
        for recipe in RECIPES:
            if recipe.precision == 'bf16' and reason:
                continue
            tree = earlier if recipe.earlier else REPOSITORY
            process = StepProcess(tree, config_of(net, fast=recipe.fast), videos, recipe.precision)
            stack.enter_context(process)
            routes.append(Route(recipe.name, recipe.role, process.step, units=videos))
        timings = alternate(routes, rounds, 'told')
    timed = {timing.name for timing in timings}
    targets = [
        Target(f'{name}, {net}', ratio(timings, name, MAIN), bound)
        for name, bound in TARGETS[net].items()
        if name in timed
    ]
    notes = [f'without bf16 and its targets: {reason}'] if reason else []
    return Report(f'{net}, batch {videos}, one thread', 'clips', 'told', timings, targets, notes)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--nets', nargs='+', choices=TARGETS, default=list(TARGETS), help='default: all')
    parser.add_argument(
        '--batch', type=int, default=16, help='default: %(default)s, as in the recipes; for less, see above'
    )
    add_arguments(parser, rounds=2)
    args = parser.parse_args(argv)
    facts = machine()
    with tempfile.TemporaryDirectory() as folder:
        earlier = unpack(EARLIER, Path(folder))
        reports = [measure(net, args.batch, args.rounds, earlier) for net in args.nets]
    publish(reports, [MAIN] * len(reports), facts, args.json)


if __name__ == '__main__':
    main()
