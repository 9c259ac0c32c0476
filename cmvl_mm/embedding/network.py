"""The network that embeds clips, and what must be known of it to embed more clips in the same way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import nn

from cmvl_mm import hub
from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict, resolve_checkpoint
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta
from cmvl_mm.engine.config import load_config
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.files.version import VERSION
from cmvl_mm.models.known_types import require_registered
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.zoo.default import MODEL
from cmvl_mm.zoo.manifest import read_manifest, tupled

_KEPT = ('type', 'backbone', 'data_preprocessor', 'test_cfg', 'memory_format', 'backbone_layout')
CLIPS_PER_FORWARD = 16
"""Clips that pass the network at once at most. More gained nothing on a CPU."""


@dataclass(frozen=True)
class Network:
    """Weights in a model, ready to embed."""

    model: ContextMotionRecognizer
    name: str
    """As in `EmbeddingsMeta.model`."""
    sha256: str
    build: dict[str, Any]
    """As in `EmbeddingsMeta.network`."""
    settings: ClipSettings

    def meta(self, root: str) -> EmbeddingsMeta:
        """Of rows whose paths are relative to `root`."""
        return EmbeddingsMeta(
            root=root,
            model=self.name,
            sha256=self.sha256,
            network=self.build,
            **vars(self.settings),
            version=VERSION,
        )

    @torch.inference_mode()
    def vectors(self, clips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(n, T, size, size, 3) uint8 RGB -> (n, C), as retrieval takes them of these clips.

        A clip alone passes twice: oneDNN has another kernel for a batch of one, slower and rounded otherwise.
        """
        parts = []
        for begin in range(0, len(clips), CLIPS_PER_FORWARD):
            batch = clips[begin : begin + CLIPS_PER_FORWARD]
            part = torch.from_numpy(batch if len(batch) > 1 else batch.repeat(2, axis=0))
            inputs = self.model.data_preprocessor(dict(inputs=dict(imgs=part.permute(0, 4, 1, 2, 3)[:, None])))
            samples = self.model.predict(inputs['inputs'])[: len(batch)]
            parts.append(torch.stack([sample.feature for sample in samples]).float().cpu().numpy())
        return np.concatenate(parts)


def load_network(
    model: str | Path = MODEL,
    *,
    config: str | Path | None = None,
    clips: int | None = None,
    every: float | None = None,
    device: str = 'cpu',
) -> Network:
    """A network by name.

    Args:
        model: of the zoo; or a file of weights, a work directory, or an address, as `hub.load` takes them.
        config: how model and clips are built. None takes that of the zoo's first test, or the config that the run
            wrote into its work directory.
        clips, every: in place of the config's number of clips, see `ClipSettings.choose`.
        device: where it runs, 'cpu' or 'cuda:0'.

    Raises:
        SettingsError: no config is known, or it does not say how clips are embedded.
        FileNotFoundError, CheckpointError, DigestError: as `resolve_checkpoint`.
    """
    entry = read_manifest().get(model) if isinstance(model, str) else None
    path = resolve_checkpoint(model)
    if entry is not None and config is None:
        test = entry.tests[0].config if entry.tests else entry.config
        settings = ClipSettings.of_config(load_config(test), test).with_options(clips, every)
        return Network(
            _without_head(hub.load(entry.name, device=device)),
            entry.name,
            sha256_of(path),
            _plain(entry.model),
            settings,
        )
    source = _config_beside(Path(model), path) if config is None else config
    whole = load_config(source)
    settings = ClipSettings.of_config(whole, str(source)).with_options(clips, every)
    build = _plain(whole.get('model', {}), str(source))
    name = entry.name if entry is not None else str(path.absolute())
    return Network(_built(build, path, device), name, sha256_of(path), build, settings)


def load_network_of(meta: EmbeddingsMeta, model: str | Path | None = None, *, device: str = 'cpu') -> Network:
    """The network that made a file's rows.

    Args:
        meta: of the file. It is data, and nothing in it is run.
        model: where its weights are now; None looks where they were.
        device: where it runs.

    Raises:
        EmbeddingsError: these weights are not at hand, or are others.
        TypeNameError: the file names something else than registered models.
    """
    given = meta.model if model is None else model
    remedy = 'Remedy: --model with the weights that made the file, or embed the videos again.'
    try:
        path = resolve_checkpoint(given)
    except FileNotFoundError as error:
        raise EmbeddingsError(f'{given}: the weights that made the file are not at hand: {error} {remedy}') from error
    if (found := sha256_of(path)) != meta.sha256:
        raise EmbeddingsError(
            f'{path}: these weights have the SHA-256 {found}; those that made the file have {meta.sha256}. {remedy}'
        )
    require_registered(meta.network, 'metadata of the features file')
    return Network(
        _built(meta.network, path, device), meta.model, meta.sha256, meta.network, ClipSettings.of_meta(meta)
    )


def _built(build: Mapping[str, Any], path: Path, device: str) -> ContextMotionRecognizer:
    model = MODELS.build(tupled(dict(build)))
    if not isinstance(model, ContextMotionRecognizer):
        raise SettingsError(
            f'{path}: its config builds a {type(model).__name__}, which gives no features here. Remedy: a config of '
            'ContextMotionRecognizer.'
        )
    weights = {key: value for key, value in read_state_dict(path).items() if 'backbone.' in key}
    load_weights(model.backbone, weights, source=path, prefix='backbone.')
    return _without_head(model.to(device).eval())


def _without_head(model: ContextMotionRecognizer) -> ContextMotionRecognizer:
    """Without what classifies: features need the network alone."""
    model.cls_head, model.head_reads = None, None
    for module in model.modules():
        assert isinstance(module, nn.Module)
        module.requires_grad_(False)
    return model


def _plain(model: Mapping[str, Any], source: str = '') -> dict[str, Any]:
    """What embedding needs of a model's build dict, as JSON has it.

    Raises:
        SettingsError: it is no model of ours, tests another network than the backbone, or holds more than plain data.
    """
    kept = {key: model[key] for key in _KEPT if key in model}
    network = kept.get('test_cfg', {}).get('network', 'backbone')
    if kept.get('type') != 'ContextMotionRecognizer' or 'backbone' not in kept or network != 'backbone':
        raise SettingsError(
            f'{source}: its model is {kept.get("type")!r}, of which {network} is tested. Remedy: a config of '
            'ContextMotionRecognizer that tests its backbone.'
        )
    if isinstance(kept['backbone'], Mapping):
        kept['backbone'] = {key: value for key, value in kept['backbone'].items() if key != 'init_cfg'}
    try:
        return json.loads(json.dumps(Config(kept).to_dict()))
    except TypeError as error:
        raise SettingsError(
            f'{source}: its model holds more than plain data: {error}. Remedy: types as text.'
        ) from error


def _config_beside(model: Path, weights: Path) -> Path:
    """The config that a run wrote into its work directory, for the directory or a checkpoint in it.

    Raises:
        SettingsError: there is none, or there are several.
    """
    folder = model if model.is_dir() else weights.parent
    found = sorted(folder.glob('*.py'))
    if len(found) == 1:
        return found[0]
    what = f'{len(found)} configs: {", ".join(path.name for path in found[:3])}' if found else 'no config'
    raise SettingsError(
        f'{folder}: {what} beside the weights, so nobody knows their model. Remedy: --config NAME or FILE, as they '
        'were trained.'
    )
