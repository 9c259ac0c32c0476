"""Write a network as an ONNX file with torch's program exporter, and run it with ONNX Runtime."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from .facts import KEY
from .quiet import without_notices


def write_onnx(program: ExportedProgram, path: Path, facts: Mapping[str, Any]) -> None:
    """Write one file with the weights inside; its metadata holds the facts as JSON under 'cmvl_mm'."""
    import onnx

    output = facts['output']['name']
    with without_notices():
        made = torch.onnx.export(program, (), dynamo=True, verbose=False, input_names=['clips'], output_names=[output])
    assert made is not None
    model = made.model_proto
    for value in (*model.graph.input, *model.graph.output):
        first = value.type.tensor_type.shape.dim[0]
        if first.dim_param:
            _rename(model, first.dim_param, 'batch')
    onnx.helper.set_model_props(model, {KEY: json.dumps(facts)})
    model.producer_version = f'{model.producer_version}, cmvl_mm {facts["cmvl_mm"]}'
    path.write_bytes(model.SerializeToString())


def _rename(model: Any, old: str, new: str) -> None:
    """Rename a dimension wherever it occurs alone."""
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param == old:
                size.dim_param = new


def run_onnx(path: Path, clips: Tensor) -> Tensor:
    """Outputs of the written file for clips, by ONNX Runtime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'clips': clips.numpy()})
    return torch.from_numpy(found)


def facts_in_onnx(path: Path) -> dict[str, Any]:
    """The facts in an ONNX file."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    return json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
