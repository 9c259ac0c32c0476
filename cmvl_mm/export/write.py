"""Write an exported file under a temporary name, compare it with the network, and rename it if both agree."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.export import ExportedProgram

from cmvl_mm.files.atomic import atomic_write

from .errors import ExportError
from .network import ClipNetwork, example
from .onnx import run_onnx, write_onnx
from .programs import program_of, run_program, write_program

TOLERANCE = 1e-4
"""Largest allowed difference between file and network, relative to the largest output if that is above 1."""


class Format(NamedTuple):
    """The functions that write a kind of file and run it as a check."""

    write: Callable[[ExportedProgram, Path, Mapping[str, Any]], None]
    run: Callable[[Path, Tensor], Tensor]


FORMATS = {'.onnx': Format(write_onnx, run_onnx), '.pt2': Format(write_program, run_program)}


def format_of(path: Path) -> Format:
    """The format of a file by its suffix.

    Raises:
        ExportError: the format is unknown.
    """
    if path.suffix not in FORMATS:
        raise ExportError(f'{path}: unknown format {path.suffix!r}. Remedy: choose {" or ".join(FORMATS)}.')
    return FORMATS[path.suffix]


def write_checked(network: ClipNetwork, path: Path, facts: Mapping[str, Any]) -> float:
    """Export a network and run the file on other clips than those used for tracing.

    Args:
        network: network to export.
        path: path of the file, .onnx or .pt2; its folder exists.
        facts: result of `facts_of`.

    Returns:
        The largest difference between file and network, relative to the largest output if that is above 1.

    Raises:
        ExportError: file and network differ by more than `TOLERANCE`. An earlier file at `path` stays unchanged.
    """
    kind = format_of(path)
    batch, _, clip_len, size, _ = facts['input']['shape']
    fixed = batch if isinstance(batch, int) else None
    program = program_of(network, example(clip_len, size, fixed or 2), dynamic=fixed is None)
    with atomic_write(path) as temporary:
        kind.write(program, temporary, facts)
        worst = 0.0
        for count in (fixed,) if fixed is not None else (1, 3):
            clips = example(clip_len, size, count, seed=count)
            with torch.no_grad():
                expected = network(clips)
            found = kind.run(temporary, clips)
            worst = max(worst, difference(found, expected))
        if worst > TOLERANCE:
            raise ExportError(
                f'{path}: the file differs from the network by {worst:.2g}, more than {TOLERANCE:g}. It was not kept. '
                'Remedy: use the other format, or another version of torch or onnxruntime.'
            )
    return worst


def difference(found: Tensor, expected: Tensor) -> float:
    """The largest difference of all numbers, relative to the largest expected number if that is above 1.

    It is infinite if shapes differ, or a number is not finite.
    """
    if found.shape != expected.shape:
        return float('inf')
    worst = float((found - expected).abs().max() / expected.abs().max().clamp(min=1))
    return float('inf') if math.isnan(worst) else worst
