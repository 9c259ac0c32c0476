"""Which network embeds, and how: everything the rows record, known without building it. Nothing here imports torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.embedding.embeddings import EmbeddingsMeta
from cmvl_mm.engine.config import load_config
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.files.shipped import config_path, shipped_root
from cmvl_mm.files.version import VERSION
from cmvl_mm.zoo.caution import warn_of
from cmvl_mm.zoo.default import MODEL
from cmvl_mm.zoo.manifest import read_manifest

_KEPT = ('type', 'backbone', 'data_preprocessor', 'test_cfg', 'memory_format', 'backbone_layout')


@dataclass(frozen=True)
class NetworkPlan:
    """What `network.build_network` builds, as plain data that can be passed to another process."""

    name: str
    """Name of the model, as in `EmbeddingsMeta.model`."""
    path: Path
    """Weights file on this machine."""
    sha256: str
    build: dict[str, Any]
    """Build dict, as in `EmbeddingsMeta.network`."""
    settings: ClipSettings
    config: str | None
    """The user's own config file, whose imports may register parts of the network; None for a shipped config."""

    def meta(self, root: str) -> EmbeddingsMeta:
        """Meta data of rows whose paths are relative to `root`."""
        return EmbeddingsMeta(
            root=root,
            model=self.name,
            sha256=self.sha256,
            network=self.build,
            **vars(self.settings),
            version=VERSION,
        )


def plan_network(
    model: str | Path = MODEL,
    *,
    config: str | Path | None = None,
    clips: int | None = None,
    every: float | None = None,
) -> NetworkPlan:
    """Find a network by name. For the arguments see `load_network`.

    If weights of the zoo were trained on controlled videos only, the log warns about it once per process.

    Raises:
        SettingsError: no config is known, or it does not say how clips are embedded.
        FileNotFoundError, CheckpointError, DigestError: as for `resolve_checkpoint`.
    """
    entry = read_manifest().get(model) if isinstance(model, str) else None
    path = resolve_checkpoint(model)
    if entry is not None and config is None:
        test = entry.tests[0].config if entry.tests else entry.config
        settings = ClipSettings.of_config(load_config(test, run_imports=False), test).with_options(clips, every)
        warn_of(entry)
        return NetworkPlan(entry.name, path, sha256_of(path), _plain(entry.model), settings, None)
    source = _config_beside(Path(model), path) if config is None else config
    whole = load_config(source, run_imports=False)
    settings = ClipSettings.of_config(whole, str(source)).with_options(clips, every)
    build = _plain(whole.get('model', {}), str(source))
    name = entry.name if entry is not None else str(path.absolute())
    return NetworkPlan(name, path, sha256_of(path), build, settings, _own(source))


def _own(source: str | Path) -> str | None:
    path = config_path(source).resolve()
    return None if path.is_relative_to(shipped_root().resolve() / 'configs') else str(path)


def _plain(model: Mapping[str, Any], source: str = '') -> dict[str, Any]:
    """What embedding needs of a model's build dict, as JSON data.

    Raises:
        SettingsError: it is another model, tests another network than the backbone, or holds more than plain data.
    """
    kept = {key: model[key] for key in _KEPT if key in model}
    network = kept.get('test_cfg', {}).get('network', 'backbone')
    if kept.get('type') != 'ContextMotionRecognizer' or 'backbone' not in kept or network != 'backbone':
        raise SettingsError(
            f'{source}: its model is {kept.get("type")!r}, and its test uses {network}. Remedy: pass a config of a '
            'ContextMotionRecognizer that tests its backbone.'
        )
    if isinstance(kept['backbone'], Mapping):
        kept['backbone'] = {key: value for key, value in kept['backbone'].items() if key != 'init_cfg'}
    try:
        return json.loads(json.dumps(Config(kept).to_dict()))
    except TypeError as error:
        raise SettingsError(
            f'{source}: its model contains more than plain data: {error}. Remedy: write types as text.'
        ) from error


def _config_beside(model: Path, weights: Path) -> Path:
    """The config that a run wrote into its work directory, given the directory or a checkpoint in it.

    Raises:
        SettingsError: there is no config, or there are several.
    """
    folder = model if model.is_dir() else weights.parent
    found = sorted(folder.glob('*.py'))
    if len(found) == 1:
        return found[0]
    what = f'{len(found)} configs: {", ".join(path.name for path in found[:3])}' if found else 'no config'
    raise SettingsError(
        f'{folder}: {what} beside the weights, so their model is not known. Remedy: pass the config of their '
        'training by --config.'
    )
