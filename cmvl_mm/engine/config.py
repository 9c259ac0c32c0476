"""Load config files, merge options into them, and check them for keys that nothing reads."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cmvl_mm.datasets.stages import StageError, change, is_pipeline, require_list
from cmvl_mm.files.shipped import config_path

from .config_keys import faults_of_keys, faults_of_options, unused_variables
from .inference_pipeline import goes_along, take_along, warn_of_another
from .own_data import fill_data
from .schedule_follow import epochs_of, follow_epochs


class ConfigKeyError(KeyError):
    """A key that nothing reads, or a stage that a pipeline does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


def load_config(path: str | Path, options: dict[str, Any] | None = None, *, run_imports: bool = True) -> Config:
    """Read a config file, merge `--cfg-options` into it, and refuse keys that nothing reads.

    Args:
        path: path of the file, or the name of a shipped config, such as 'demo/retrieval'.
        options: options for `merge_options`.
        run_imports: import the modules that `custom_imports` names, which takes seconds and registers the classes that
            the config names. It is needed only to build them.

    Raises:
        NotShippedError: there is no such file, and no shipped config of that name.
        ValueError: the file is not Python; YAML and JSON configs are refused.
        ImportError: a module of `custom_imports` cannot be imported.
        ConfigKeyError: a key that nothing reads, in the file or on the command line; a stage that a pipeline does not
            have; a pipeline that is a dict.
        OwnVideosError: the folder or list that `data` names cannot be used.
    """
    if Path(path).suffix not in ('.py', ''):
        raise ValueError(
            f'{path}: this is not a config. A config is a Python file (.py), and runs as a program. '
            'Remedy: write a .py file; configs/ has examples.'
        )
    _refuse(faults_of_options(options or {}), str(path))
    path = config_path(path)
    try:
        config = Config.fromfile(path, import_custom_modules=run_imports)
    except ModuleNotFoundError:  # raised by the config file itself; the error names the module
        raise
    except ImportError as error:  # MMEngine's for custom_imports: shows all of sys.path, not the reason
        reason: BaseException = error
        while (inner := reason.__cause__ or reason.__context__) is not None:
            reason = inner
        raise ImportError(
            f'{path}: custom_imports: {reason}. Remedy: set PYTHONPATH=FOLDER to the folder of the module.'
        ) from error
    except TypeError as error:
        if 'pipeline=' not in str(error):
            raise
        raise ConfigKeyError(  # MMEngine would advise to drop the base config's stages
            f'{path}: this file or one of its bases has a pipeline as a dict, the form of earlier versions, but the '
            'base has a list. Remedy: after _base_, write `from cmvl_mm.datasets.stages import change`; then use it, '
            'such as `pipeline=change(_base_.train_dataloader.dataset.pipeline, crop=dict(size=48))`.'
        ) from error
    merge_options(config, options or {})
    check_keys(config, str(path))
    warn_of_another(config, str(path))
    return config


def merge_options(config: Config, options: Mapping[str, Any]) -> None:
    """Like `config.merge_from_dict(options)`, and options can also name the stages of a pipeline.

    Args:
        config: changed in place.
        options: dotted keys, e.g. `{'train_dataloader.dataset.pipeline.crop.size': 48}`. Below a list whose key is
            `pipeline` or ends in `_pipeline`, a stage is named by its role, type or number, see `stages.change`.
            An option that changes the test's pipeline also changes `test_pipeline`, if both are equal. An option
            that changes `train_cfg.max_epochs`, but not `param_scheduler`, scales the schedule, see
            `schedule_scale`. `data` fills lists, folders and the number of classes, see `own_data`.

    Raises:
        ConfigKeyError: a pipeline has no such stage, or several.
    """
    nested = Config()
    nested.merge_from_dict(dict(options))
    along = goes_along(config, nested)
    before = epochs_of(config)
    config.merge_from_dict(_with_whole_lists(nested.to_dict(), config._cfg_dict))
    if along:
        take_along(config)
    if 'param_scheduler' not in nested:
        follow_epochs(config, before)
    fill_data(config, nested.to_dict())


def _with_whole_lists(options: Mapping[str, Any], config: Any, place: str = '') -> dict[str, Any]:
    """Expand options that change a stage to the whole changed list, with which MMEngine replaces the old one."""
    made: dict[str, Any] = {}
    for key, value in options.items():
        path = f'{place}{key}'
        old = _child(config, key)
        if not isinstance(value, dict) or value.get('_delete_') or old is None:
            made[key] = value
        elif is_pipeline(key, old):
            try:
                made[key] = change(old, **value)
            except StageError as error:
                raise ConfigKeyError(f'{path}: {error}') from None
        else:
            made[key] = _with_whole_lists(value, old, f'{path}.')
    return made


def _child(node: Any, key: str) -> Any:
    if isinstance(node, (list, tuple)):
        return node[int(key)] if key.isdigit() and int(key) < len(node) else None
    return node.get(key) if isinstance(node, dict) else None


def _require_lists(node: Any, source: str, place: str = '') -> None:
    """Refuse pipelines that are dicts of stages: they lose their order when they are dumped."""
    if isinstance(node, (list, tuple)):
        node = {str(number): child for number, child in enumerate(node)}
    if not isinstance(node, dict):
        return
    for key, child in node.items():
        if isinstance(child, dict) and is_pipeline(key, [child]):
            try:
                require_list(child)
            except StageError as error:
                raise ConfigKeyError(f'{source}: {place}{key}: {error}') from None
        _require_lists(child, source, f'{place}{key}.')


def check_keys(config: Config, source: str) -> None:
    """Raise for keys that no part of the toolkit reads; constructors refuse other unknown keys when they are called."""
    _require_lists(config._cfg_dict, source)
    _refuse(faults_of_keys(config), source)
    if names := unused_variables(config):
        logging.getLogger(__name__).warning(
            '%s: nothing reads %s, and no key in use has their values. Remedy: where a base file used older values, '
            'set the keys that have these.',
            source,
            ', '.join(names),
        )


def _refuse(faults: list[str], source: str) -> None:
    if faults:
        raise ConfigKeyError(f'{source}: {" ".join(faults)}')
