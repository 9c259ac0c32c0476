"""Write a network as a torch.export program: a .pt2 file that `torch.export.load` reads without this package."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from .facts import KEY
from .network import ClipNetwork
from .quiet import without_notices


def program_of(network: ClipNetwork, clips: Tensor, *, dynamic: bool) -> ExportedProgram:
    """Trace the network.

    Args:
        network: network to trace.
        clips: (N, 3, T, H, W) uint8, example clips.
        dynamic: whether the program takes any N; otherwise only this N.
    """
    shapes = ({0: Dim('batch')},) if dynamic else None
    with torch.no_grad(), without_notices():
        return torch.export.export(network, (clips,), dynamic_shapes=shapes)


def write_program(program: ExportedProgram, path: Path, facts: Mapping[str, Any]) -> None:
    """Write the .pt2 file, with the facts as its extra file `cmvl_mm.json`."""
    buffer = io.BytesIO()  # with a path, torch requires the suffix
    with without_notices():
        torch.export.save(program, buffer, extra_files={f'{KEY}.json': json.dumps(facts)})
    path.write_bytes(buffer.getbuffer())


def run_program(path: Path, clips: Tensor) -> Tensor:
    """Outputs of the written file for clips."""
    with without_notices():
        module = torch.export.load(io.BytesIO(path.read_bytes())).module()
    with torch.no_grad():
        return module(clips)


def facts_in_program(path: Path) -> dict[str, Any]:
    """The facts in a .pt2 file."""
    extra = {f'{KEY}.json': ''}
    with without_notices():
        torch.export.load(io.BytesIO(path.read_bytes()), extra_files=extra)
    return json.loads(extra[f'{KEY}.json'])
