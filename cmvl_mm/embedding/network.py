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
"""Most clips in one forward pass. More were not faster on a CPU."""


@dataclass(frozen=True)
class Network:
    """A model with its weights, ready to embed."""

    model: ContextMotionRecognizer
    plan: NetworkPlan

    @torch.inference_mode()
    def vectors(self, clips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Embed clips, (n, T, size, size, 3) uint8 RGB -> (n, C), as retrieval computes them for these clips.

        A single clip is passed twice: for a batch of one, oneDNN has another kernel, slower and with other rounding.
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
    """Load a network by name.

    Args:
        model: a name of the zoo; or a weights file, a work directory, or an address, as in `resolve_checkpoint`.
        config: how to build model and clips. None takes the config of the zoo's first test, or the config that the run
            wrote into its work directory.
        clips, every: replace the config's number of clips, see `ClipSettings.choose`.
        device: device that runs the network, 'cpu' or 'cuda:0'.

    Raises:
        SettingsError: no config is known, or it does not say how clips are embedded, or builds another model.
        FileNotFoundError, DigestError: as for `resolve_checkpoint`.
        CheckpointError: the weights cannot be read, or do not fit the model.
        DeviceError: this machine has no such device.
    """
    return build_network(plan_network(model, config=config, clips=clips, every=every), device=device)


def build_network(plan: NetworkPlan, *, device: str) -> Network:
    """Build the network of a plan, with its weights.

    Raises:
        DeviceError: this machine has no such device.
        SettingsError: the config does not build a model of this toolkit.
        CheckpointError: the weights cannot be read, or do not fit the model.
        KeyError, TypeError: from the registry, if the config names something that is not registered.
    """
    where = require_device(device)
    if plan.config is not None:
        load_config(plan.config)
    model = MODELS.build(tupled(dict(plan.build)))
    if not isinstance(model, ContextMotionRecognizer):
        raise SettingsError(
            f'{plan.path}: its config builds a {type(model).__name__}, which has no features. Remedy: pass a '
            'config of a ContextMotionRecognizer.'
        )
    weights = {key: value for key, value in read_state_dict(plan.path).items() if 'backbone.' in key}
    load_weights(model.backbone, weights, source=plan.path, prefix='backbone.')
    return Network(_without_head(model.to(where).eval()), plan)


def load_network_of(meta: EmbeddingsMeta, model: str | Path | None = None, *, device: str = 'cpu') -> Network:
    """Load the network that made a file's rows.

    Args:
        meta: meta data of the file. It is plain data, and nothing in it is executed.
        model: present location of the weights; None uses their original location.
        device: device that runs the network.

    Raises:
        EmbeddingsError: the weights are missing, or are others.
        TypeNameError: the file names types that are not registered models.
        DeviceError: this machine has no such device.
    """
    given = meta.model if model is None else model
    remedy = 'Remedy: pass the weights that made the file by --model, or embed the videos again.'
    try:
        path = resolve_checkpoint(given)
    except FileNotFoundError as error:
        raise EmbeddingsError(f'{given}: the weights that made the file cannot be found: {error} {remedy}') from error
    if (found := sha256_of(path)) != meta.sha256:
        raise EmbeddingsError(
            f'{path}: these weights have the SHA-256 {found}; those that made the file have {meta.sha256}. {remedy}'
        )
    require_registered(meta.network, 'metadata of the features file')
    settings = ClipSettings.of_meta(meta)
    return build_network(NetworkPlan(meta.model, path, found, meta.network, settings, None), device=device)


def _without_head(model: ContextMotionRecognizer) -> ContextMotionRecognizer:
    """Remove the classifier: features need only the network."""
    model.cls_head, model.head_reads = None, None
    for module in model.modules():
        assert isinstance(module, nn.Module)
        module.requires_grad_(False)
    return model
