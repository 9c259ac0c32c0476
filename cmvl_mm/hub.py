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
    """Of all models of the zoo, also of those that are described only."""
    return list(read_manifest())


def entry(name: str) -> Entry:
    """What the zoo says of a model: its figures and how they came about.

    Raises:
        UnknownModelError: there is no such model.
    """
    return find_entry(name)


def load(
    name: str | Path,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    sha256: str | None = None,
    device: str | torch.device = 'cpu',
) -> ContextMotionRecognizer:
    """A model with its weights, in evaluation mode. Nothing in the weights' file is ever run.

    The log warns, once a process, of weights of the zoo that have seen controlled videos only.

    Args:
        name: of the zoo; a folder that `push_to_hub` or `save_folder` wrote; a work directory or a checkpoint in one;
            or any other file, `https://…#sha256=…` or `hf://owner/repository/file#sha256=…`, which need `config`.
        config: the model's; None takes that of the zoo, of the folder, or of the work directory, whose config is read
            as data. A config file, which is a program to be trusted, or the name of a shipped one; or plain data: the
            `model` of one, or a dict that has it, all of whose types are names of registered models. Every weight of
            this model must be in the file; what the file has beyond that is named in the log.
        sha256: of the file, in full; another one is refused.
        device: where the model goes.

    Raises:
        ValueError: there is no `config`, and nothing else says what the model is; or it builds no such model.
        FolderError, PublishError: the folder's or the work directory's config cannot be read.
        TypeNameError: the data name something else than registered models. Nothing of it has run then.
        FileNotFoundError, CheckpointError, DigestError, AddressError, DownloadError: as `resolve_checkpoint`.
        DeviceError: there is no such device here.
    """
    where = require_device(device)
    known = describe(name, config)
    model = MODELS.build(known.model)  # before anything is fetched
    if not isinstance(model, ContextMotionRecognizer):
        raise ValueError(f'{name}: its config builds a {type(model).__name__}, not a ContextMotionRecognizer')
    if known.sha256 is not None and sha256 is not None and sha256.lower() != known.sha256:
        raise DigestError(f'{name}: its weights have the SHA-256 {known.sha256}, not {sha256}. Remedy: the right one.')
    path = resolve_checkpoint(known.weights, sha256=sha256 or known.sha256)
    load_weights(model, read_state_dict(path), source=path)
    if config is None and known.entry is not None:
        warn_of(known.entry)
    return model.to(where).eval()
