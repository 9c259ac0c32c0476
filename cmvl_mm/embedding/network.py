"""The network that embeds clips."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from mmaction.registry import MODELS
from torch import nn

import cmvl_mm.register_models  # noqa: F401  (what the models are built of)
from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta
from cmvl_mm.embedding.network_plan import NetworkPlan, plan_network
from cmvl_mm.engine.config import load_config
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.models.devices import require_device
from cmvl_mm.models.known_types import require_registered
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.zoo.default import MODEL
from cmvl_mm.zoo.manifest import tupled

CLIPS_PER_FORWARD = 16
"""Clips that pass the network at once at most. More gained nothing on a CPU."""


@dataclass(frozen=True)
class Network:
    """Weights in a model, ready to embed."""

    model: ContextMotionRecognizer
    plan: NetworkPlan

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
        model: of the zoo; or a file of weights, a work directory, or an address, as `resolve_checkpoint` takes them.
        config: how model and clips are built. None takes that of the zoo's first test, or the config that the run
            wrote into its work directory.
        clips, every: in place of the config's number of clips, see `ClipSettings.choose`.
        device: where it runs, 'cpu' or 'cuda:0'.

    Raises:
        SettingsError: no config is known, or it does not say how clips are embedded, or builds no model of ours.
        FileNotFoundError, DigestError: as `resolve_checkpoint`.
        CheckpointError: the weights cannot be read, or do not fit the model.
        DeviceError: there is no such device here.
    """
    return build_network(plan_network(model, config=config, clips=clips, every=every), device=device)


def build_network(plan: NetworkPlan, *, device: str) -> Network:
    """The network of a plan, with its weights.

    Raises:
        DeviceError: there is no such device here.
        SettingsError: the config builds no model of ours.
        CheckpointError: the weights cannot be read, or do not fit the model.
        KeyError, TypeError: the registry's own, where the config names what nobody has registered.
    """
    where = require_device(device)
    if plan.config is not None:
        load_config(plan.config)
    model = MODELS.build(tupled(dict(plan.build)))
    if not isinstance(model, ContextMotionRecognizer):
        raise SettingsError(
            f'{plan.path}: its config builds a {type(model).__name__}, which gives no features. Remedy: a config '
            'of ContextMotionRecognizer.'
        )
    weights = {key: value for key, value in read_state_dict(plan.path).items() if 'backbone.' in key}
    load_weights(model.backbone, weights, source=plan.path, prefix='backbone.')
    return Network(_without_head(model.to(where).eval()), plan)


def load_network_of(meta: EmbeddingsMeta, model: str | Path | None = None, *, device: str = 'cpu') -> Network:
    """The network that made a file's rows.

    Args:
        meta: of the file. It is data, and nothing in it is run.
        model: where its weights are now; None looks where they were.
        device: where it runs.

    Raises:
        EmbeddingsError: these weights are not at hand, or are others.
        TypeNameError: the file names something else than registered models.
        DeviceError: there is no such device here.
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
    settings = ClipSettings.of_meta(meta)
    return build_network(NetworkPlan(meta.model, path, found, meta.network, settings, None), device=device)


def _without_head(model: ContextMotionRecognizer) -> ContextMotionRecognizer:
    """Without what classifies: features need the network alone."""
    model.cls_head, model.head_reads = None, None
    for module in model.modules():
        assert isinstance(module, nn.Module)
        module.requires_grad_(False)
    return model
