"""Models with weights, ready for use: `load('name')`.

from cmvl_mm import hub

hub.names()
model = hub.load('name')
features = model.extract_feat(imgs)  # (B, 3, T, H, W), normalised -> (B, C)
hub.save_folder('work_dirs/mine', 'folder', repo_id='me/mine', what='…')  # and hub.load('folder') reads it
hub.push_to_hub('work_dirs/mine', 'me/mine', what='…')
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS

import cmvl_mm.register  # noqa: F401  (what the models are built of)
from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.files.digest import DigestError
from cmvl_mm.models.devices import require_device
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.publishing.card import Measured
from cmvl_mm.publishing.described import describe
from cmvl_mm.publishing.push import Published, push_to_hub, save_folder
from cmvl_mm.zoo.caution import warn_of
from cmvl_mm.zoo.manifest import Entry, find_entry, read_manifest

__all__ = ['Measured', 'Published', 'entry', 'load', 'names', 'push_to_hub', 'save_folder']


def names() -> list[str]:
    """Names of all models of the zoo, including models that are only described."""
    return list(read_manifest())


def entry(name: str) -> Entry:
    """The entry of a model in the zoo: its figures and how they were measured.

    Raises:
        UnknownModelError: the model does not exist.
    """
    return find_entry(name)


def load(
    name: str | Path,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    sha256: str | None = None,
    device: str | torch.device = 'cpu',
) -> ContextMotionRecognizer:
    """Load a model with its weights, in evaluation mode. No code from the weights' file is ever run.

    The log warns, once per process, about weights of the zoo that were trained on controlled videos only.

    Args:
        name: a name of the zoo; a folder that `push_to_hub` or `save_folder` wrote; a work directory or a checkpoint in
            one; or any other file, `https://…#sha256=…` or `hf://owner/repository/file#sha256=…`, which need `config`.
        config: the model's config. None takes that of the zoo, of the folder, or of the work directory, whose config is
            read as data. Otherwise a config file, which is a program that you must trust, or the name of a shipped
            config; or plain data: the `model` of a config, or a dict that has it, whose types are names of registered
            models. Every weight of this model must be in the file; the log names further weights in the file.
        sha256: full SHA-256 of the file; another file is refused.
        device: device of the model.

    Raises:
        ValueError: there is no `config`, and the model is unknown without it; or the config builds no such model.
        FolderError, PublishError: the folder's or the work directory's config cannot be read.
        TypeNameError: the data name other types than registered models. Then nothing has run.
        FileNotFoundError, CheckpointError, DigestError, AddressError, DownloadError: as for `resolve_checkpoint`.
        DeviceError: the device does not exist here.
    """
    where = require_device(device)
    known = describe(name, config)
    model = MODELS.build(known.model)  # before anything is downloaded
    if not isinstance(model, ContextMotionRecognizer):
        raise ValueError(
            f'{name}: its config builds a {type(model).__name__}, not a ContextMotionRecognizer. '
            'Remedy: give the config of a ContextMotionRecognizer.'
        )
    if known.sha256 is not None and sha256 is not None and sha256.lower() != known.sha256:
        raise DigestError(
            f'{name}: its weights have the SHA-256 {known.sha256}, not {sha256}. '
            'Remedy: correct sha256, or leave it out.'
        )
    path = resolve_checkpoint(known.weights, sha256=sha256 or known.sha256)
    load_weights(model, read_state_dict(path), source=path)
    if config is None and known.entry is not None:
        warn_of(known.entry)
    return model.to(where).eval()
