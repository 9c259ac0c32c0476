"""Models with weights, ready for use: `load('name')`.

from cmvl_mm import hub

hub.names()
model = hub.load('name')
features = model.extract_feat(imgs)  # (B, 3, T, H, W), normalised -> (B, C)
"""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS

import cmvl_mm.register  # noqa: F401  (what the models are built of)
from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict, resolve_checkpoint
from cmvl_mm.engine.config import load_config
from cmvl_mm.models.known_types import require_registered
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.zoo.address import shown
from cmvl_mm.zoo.fields import NAME
from cmvl_mm.zoo.locate import locate
from cmvl_mm.zoo.manifest import Entry, find_entry, read_manifest, tupled


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
        name: of the zoo; or a file, a work directory, `https://…#sha256=…` or `hf://owner/repository/file#sha256=…`.
        config: the model's; None takes the zoo's. A config file, which is a program to be trusted, or plain data: the
            `model` of one, or a dict that has it, all of whose types are names of registered models. Every weight of
            this model must be in the file; what the file has beyond that is named in the log.
        sha256: of the file, in full; another one is refused.
        device: where the model goes.

    Raises:
        ValueError: there is no `config`, and `name` is not of the zoo; or it builds no such model.
        TypeNameError: the data name something else than registered models. Nothing of it has run then.
        FileNotFoundError, CheckpointError, DigestError, AddressError, DownloadError: as `resolve_checkpoint`.
    """
    model = MODELS.build(_model_of(name, config))  # before anything is fetched
    if not isinstance(model, ContextMotionRecognizer):
        raise ValueError(f'{name}: its config builds a {type(model).__name__}, not a ContextMotionRecognizer')
    path = resolve_checkpoint(name, sha256=sha256)
    load_weights(model, read_state_dict(path), source=path)
    if config is None:
        _warn_once(entry(str(name)).caution())
    return model.to(device).eval()


@cache
def _warn_once(caution: str | None) -> None:
    """One line a process for each entry that has something to be warned of."""
    if caution is not None:
        logging.getLogger(__name__).warning(caution)


def _model_of(name: str | Path, config: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """The recognizer's build dict, without `init_cfg`: the weights come from elsewhere."""
    if config is None:
        found = read_manifest().get(name) if isinstance(name, str) and NAME.fullmatch(name) else None
        if found is None:
            text = shown(name) if isinstance(name, str) and '://' in name else locate(name)  # tells what is not there
            raise ValueError(f'{text}: not of the zoo, so nobody knows its model. Remedy: config=, as it was trained.')
        require_registered(found.model, found.name)
        return dict(found.model)
    whole = load_config(config) if isinstance(config, (str, Path)) else config
    model = {key: value for key, value in tupled(whole.get('model', whole)).items() if key != 'init_cfg'}
    if not isinstance(config, (str, Path)):
        require_registered(model, 'config')
    return model
