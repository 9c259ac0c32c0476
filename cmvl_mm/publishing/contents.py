"""The published parts of a work directory: the weights, their model, and the curves of the training."""

import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmaction.registry import MODELS
from safetensors.torch import save
from torch import Tensor

import cmvl_mm.register  # noqa: F401  (what the models are built of)
from cmvl_mm.checkpoints.pretrained import load_weights
from cmvl_mm.engine.logs import read_curves, read_validations
from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.zoo.fields import Networks
from cmvl_mm.zoo.manifest import tupled

from .settings import PublishError

MOST_ROWS = 400
"""Largest number of rows of training curves in a published log."""
_TASKS = ('context_head', 'motion_head', 'residual_head', 'cls_head', 'neck')


def model_of(config: Mapping[str, Any], networks: Networks) -> dict[str, Any]:
    """The recognizer of a config that the weights of these networks fill; sequences are tuples."""
    left_out = ('init_cfg', *_TASKS) if networks == 'backbone' else ('init_cfg',)
    return {key: tupled(value) for key, value in config['model'].items() if key not in left_out}


def networks_of(weights: Mapping[str, Tensor], networks: Networks) -> tuple[dict[str, Tensor], str]:
    """The weights to publish, as trained, and a sentence on the weights left out."""
    kept = {key: value for key, value in weights.items() if networks == 'whole' or key.startswith('backbone.')}
    counts = Counter(key.split('.')[0] for key in weights if key not in kept)
    return kept, ', '.join(f'{name}.* ({count})' for name, count in counts.items()) or 'nothing'


def require_fit(model: Mapping[str, Any], weights: Mapping[str, Tensor], source: str) -> None:
    """Build the model and load the weights: both must have the same parameters.

    Raises:
        CheckpointError: the model has other parameters, or of another shape.
        PublishError: the weights have more parameters than the model.
    """
    built = MODELS.build(dict(model))
    load_weights(built, weights, source=source)
    if surplus := sorted(weights.keys() - built.state_dict().keys()):
        raise PublishError(
            f'{source}: its config builds nothing for {", ".join(surplus[:5])}. Remedy: pass the config and the '
            'options that these weights were trained with.'
        )


def as_safetensors(weights: Mapping[str, Tensor], about: Mapping[str, str]) -> bytes:
    """The bytes of the file: unchanged tensors, and a line about them. Equal weights give equal bytes.

    The line is one string, because safetensors writes several strings in any order.
    """
    tensors = {key: value.detach().contiguous().clone() for key, value in weights.items()}
    return save(tensors, metadata={'cmvl_mm': json.dumps(dict(about), sort_keys=True)})


def curves_of(work_dir: str | Path) -> tuple[str, str]:
    """The curves of a training as JSON, and a sentence on the rows kept.

    Raises:
        PublishError: the work directory has no training.
    """
    rows = read_curves(work_dir)
    if not rows:
        raise PublishError(f'{work_dir}: no training curves. Remedy: pass the --work-dir of tools/train.py.')
    step = math.ceil(len(rows) / MOST_ROWS)
    kept = rows[::-step][::-1]  # keeps the last row
    contents = dict(
        curves=[_short(row) for row in kept], validations=list(map(_short, read_validations(work_dir).values()))
    )
    return json.dumps(contents, separators=(',', ':')) + '\n', f'{len(kept)} of {len(rows)} rows'


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write several files; they get their names together, in this order, once all are complete on disk.

    Raises:
        OSError: a file could not be written. Then no file gets its name.
    """
    with ExitStack() as stack:
        # the stack unwinds from its end, so the first file is put in place first
        temporary = {path: stack.enter_context(atomic_write(path)) for path in reversed(list(files))}
        for path, content in files.items():
            with open(temporary[path], 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())


def _short(row: Mapping[str, float]) -> dict[str, float]:
    """A row with six digits of each number."""
    return {key: float(f'{value:.6g}') if isinstance(value, float) else value for key, value in row.items()}
