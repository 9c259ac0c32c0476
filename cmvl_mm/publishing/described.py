"""Describe the network that a user names before its weights are read: model, clips, classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

import cmvl_mm.register  # noqa: F401  (what the models are built of)
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.inference_pipeline import pipeline_of_test
from cmvl_mm.files.shipped import NotShippedError
from cmvl_mm.models.known_types import require_registered
from cmvl_mm.zoo.address import shown
from cmvl_mm.zoo.fields import NAME
from cmvl_mm.zoo.locate import locate
from cmvl_mm.zoo.manifest import Entry, read_manifest, tupled

from .clips import clips_of_training, pipeline_of
from .folder import CONFIG, WEIGHTS, read_folder
from .settings import PublishError, read_literals

Pipeline = list[dict[str, Any]]


class Described(NamedTuple):
    """The facts about a network that are known before its weights are read."""

    name: str
    """Name for file names and titles."""
    weights: str | Path
    """Reference to the weights for `resolve_checkpoint`."""
    model: dict[str, Any]
    """The recognizer's build dict, without `init_cfg`."""
    pipeline: Pipeline | None
    """The test's stages that make a sample of a video; None if unknown."""
    classes: tuple[str, ...] | None
    """Class names from a published folder; a checkpoint has its own class names."""
    sha256: str | None
    """SHA-256 of the weights, if it is published."""
    entry: Entry | None
    """The entry of the zoo, if there is one."""


def describe(reference: str | Path, config: str | Path | Mapping[str, Any] | None = None) -> Described:
    """Find out what a network is. Nothing is downloaded, and no config of a work directory is run.

    Args:
        reference: a name of the zoo; a folder that `push_to_hub` or `save_folder` wrote; a work directory, or a
            checkpoint in one; any other file or address, which needs `config`.
        config: replaces the config found by `reference`: a config file, which is a program that you must trust, or the
            name of a shipped config; or plain data: the `model` of a config or a dict that has it.

    Raises:
        ValueError: there is no `config`, and the model is unknown without it.
        TypeNameError: the data name other types than registered models.
        FileNotFoundError: the file or folder does not exist.
        FolderError, PublishError: a published folder, or the config of a work directory, cannot be read.
    """
    if config is not None:
        return _by_config(reference, config)
    entry = read_manifest().get(reference) if isinstance(reference, str) and NAME.fullmatch(reference) else None
    if entry is not None and not Path(str(reference)).exists():
        require_registered(entry.model, entry.name)
        return Described(
            entry.name, entry.name, dict(entry.model), _pipeline_of_entry(entry), None, entry.sha256, entry
        )
    if isinstance(reference, str) and '://' in reference:
        raise ValueError(_unknown(shown(reference)))
    path = locate(reference)
    if path.is_dir() and (path / CONFIG).is_file():
        return _of_folder(path)
    work_dir = path if path.is_dir() else path.parent
    written = sorted(work_dir.glob('*/vis_data/config.py'))
    if not written:
        raise ValueError(_unknown(path))
    return _of_work_dir(path, written[-1])


def _unknown(what: object) -> str:
    return f'{what}: not in the zoo, so its model is not known. Remedy: pass the config= of its training.'


def _by_config(reference: str | Path, config: str | Path | Mapping[str, Any]) -> Described:
    whole = load_config(config) if isinstance(config, (str, Path)) else config
    model = _without_init(whole.get('model', whole))
    if not isinstance(config, (str, Path)):
        require_registered(model, 'config')
    entry = read_manifest().get(reference) if isinstance(reference, str) and NAME.fullmatch(reference) else None
    name = shown(str(reference)).rpartition('/')[2] if '://' in str(reference) else Path(reference).name
    pipeline = _pipeline_in(whole, str(config) if isinstance(config, (str, Path)) else 'config')
    weights, classes, sha256 = reference, None, None
    if Path(reference).is_dir() and (Path(reference) / CONFIG).is_file():
        folder = read_folder(Path(reference))
        weights, classes, sha256 = Path(reference) / WEIGHTS, folder.classes, folder.sha256
    return Described(name, weights, model, pipeline, classes, sha256, entry)


def _without_init(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model without `init_cfg`, because the weights come from a file."""
    return {key: value for key, value in tupled(model).items() if key != 'init_cfg'}


def _pipeline_of_entry(entry: Entry) -> Pipeline | None:
    """The pipeline of the entry's first test, from the shipped config."""
    try:
        return _plain(pipeline_of_test(load_config(f'configs/{entry.tests[0].config}')))
    except NotShippedError:
        return None


def _pipeline_in(config: Mapping[str, Any], source: str) -> Pipeline | None:
    """The pipeline of a config's test, or one made from the clips of its training; None if it has neither."""
    tested = _below(config, 'test_dataloader', 'dataset', 'pipeline') or config.get('test_pipeline')
    if tested is not None:
        return _plain(tested)
    trained = _below(config, 'train_dataloader', 'dataset', 'pipeline')
    return None if trained is None else pipeline_of(clips_of_training(trained, source))


def _below(node: Any, *keys: str) -> Any:
    """The value below these keys; None if a key is missing."""
    for key in keys:
        node = node.get(key) if isinstance(node, (Mapping, Config)) else None
    return node


def _plain(pipeline: Sequence[Mapping[str, Any]]) -> Pipeline:
    return [dict(tupled(stage)) for stage in pipeline]


def _of_folder(path: Path) -> Described:
    folder = read_folder(path)
    require_registered(folder.model, str(path / CONFIG))
    name = path.resolve().name
    return Described(name, path / WEIGHTS, folder.model, pipeline_of(folder.clips), folder.classes, folder.sha256, None)


def _of_work_dir(path: Path, written: Path) -> Described:
    """Describe a work directory by the config that its newest run has written; only literals of it are read."""
    try:
        found = read_literals(written, ('model',), ('test_dataloader', 'test_pipeline', 'train_dataloader'))
    except (PublishError, SyntaxError, UnicodeDecodeError) as error:
        raise PublishError(
            f'{written}: cannot be read as data ({error}). Remedy: pass the config= of its training.'
        ) from error
    model = _without_init(found['model'])
    require_registered(model, str(written))
    name = path.resolve().name if path.is_dir() else f'{path.resolve().parent.name}_{path.stem}'
    return Described(name, path, model, _pipeline_in(found, str(written)), None, None, None)
