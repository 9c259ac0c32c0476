"""Config files as users write them: loaded, merged, and checked for keys that nothing reads."""

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from cmvl_mm.datasets.stages import StageError, change, is_pipeline, require_list

from .checkpoint_hook import AtomicCheckpointHook
from .fast_step import LEVERS

_READ_BY_RUNNER = {name for name in inspect.signature(Runner.__init__).parameters if name not in ('self', 'cfg')}
_READ_ELSEWHERE = {
    *('custom_imports', 'sync_bn', 'find_unused_parameters', 'model_wrapper_cfg', 'fast_step'),
    *('compile', 'test_pipeline'),  # MMEngine's Runner.train, MMAction2's inference_recognizer
}
TOP_LEVEL_KEYS = frozenset(_READ_BY_RUNNER | _READ_ELSEWHERE)

# Dicts that MMEngine reads with .get() or swallows whole: a misspelt key in them would pass silently.
_NESTED_KEYS: dict[str, frozenset[str]] = {
    'fast_step': LEVERS,
    'auto_scale_lr': frozenset({'enable', 'base_batch_size'}),
    'env_cfg': frozenset({'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}),
    'default_hooks': frozenset(
        {'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint', 'sync_buffers'}
    ),
    'default_hooks.checkpoint': frozenset(inspect.signature(AtomicCheckpointHook).parameters) | {'type'},
}


class ConfigKeyError(KeyError):
    """A key that nothing reads, or a stage that a pipeline does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config file, merge `--cfg-options` into it, refuse keys that nothing reads.

    Args:
        path: of the file.
        options: as `merge_options` takes them.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not Python; YAML and JSON configs are refused.
        ConfigKeyError: a key that nothing reads, in the file or on the command line; a stage that a pipeline does not
            have; a pipeline that is a dict.
    """
    path = Path(path)
    if path.suffix != '.py':
        raise ValueError(
            f'{path}: a config is a Python file (.py), which you trust as you trust any program. '
            'Remedy: write it as one; those of configs/ show how.'
        )
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such config. Remedy: see model_zoo.md for their names.')
    try:
        config = Config.fromfile(path)
    except TypeError as error:
        if 'pipeline=' not in str(error):
            raise
        raise ConfigKeyError(  # MMEngine's advice is to give up the base config's stages
            f'{path}: a pipeline of this file or its bases is a dict, as earlier versions had it, but its base has a '
            'list. Remedy, after the assignment of _base_: from cmvl_mm.datasets.stages import change, and then '
            'pipeline=change(_base_.train_dataloader.dataset.pipeline, crop=dict(size=48)), for example.'
        ) from error
    merge_options(config, options or {})
    check_keys(config, str(path))
    return config


def merge_options(config: Config, options: Mapping[str, Any]) -> None:
    """`config.merge_from_dict(options)` where stages of a pipeline have names, too.

    Args:
        config: changed in place.
        options: dotted keys, e.g. `{'train_dataloader.dataset.pipeline.crop.size': 48}`. Below a list whose key is
            `pipeline` or ends in `_pipeline`, a stage goes by its role, its type or its number, see `stages.change`.

    Raises:
        ConfigKeyError: a pipeline has no such stage, or several.
    """
    nested = Config()
    nested.merge_from_dict(dict(options))
    config.merge_from_dict(_with_whole_lists(nested.to_dict(), config._cfg_dict))


def _with_whole_lists(options: Mapping[str, Any], config: Any, place: str = '') -> dict[str, Any]:
    """Options that change a stage become the whole changed list, which MMEngine puts in the place of the old one."""
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
    """Refuse pipelines that are dicts of stages: dumped, they lose their order."""
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
    """Raise for keys that no part of the toolkit reads; constructors refuse the rest when they are built."""
    _require_lists(config._cfg_dict, source)
    _refuse(config.keys() - TOP_LEVEL_KEYS, TOP_LEVEL_KEYS, source, prefix='')
    for name, allowed in _NESTED_KEYS.items():
        node: Any = config
        for part in name.split('.'):
            node = node.get(part) if node is not None else None
        if name == 'default_hooks.checkpoint' and node is not None and node.get('type') != 'AtomicCheckpointHook':
            continue  # another hook's constructor knows its arguments
        if node is not None:
            _refuse(node.keys() - allowed, allowed, source, prefix=f'{name}.')


def _refuse(unknown: Iterable[str], allowed: Iterable[str], source: str, prefix: str) -> None:
    names = sorted(unknown)
    if names:
        raise ConfigKeyError(
            f'{source}: nothing reads {", ".join(prefix + name for name in names)}. '
            f'Allowed here: {", ".join(sorted(allowed))}.'
        )
