"""Config files as users write them: loaded, merged, and checked for keys that nothing reads."""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

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
    """A key that nothing reads."""

    def __str__(self) -> str:
        return str(self.args[0])


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config file, merge `--cfg-options` into it, refuse keys that nothing reads.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not Python; YAML and JSON configs are refused.
        ConfigKeyError: a key that nothing reads, in the file or on the command line.
    """
    path = Path(path)
    if path.suffix != '.py':
        raise ValueError(
            f'{path}: a config is a Python file (.py), which you trust as you trust any program. '
            'Remedy: write it as one; those of configs/ show how.'
        )
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such config. Remedy: see model_zoo.md for their names.')
    config = Config.fromfile(path)
    config.merge_from_dict(options or {})
    check_keys(config, str(path))
    return config


def check_keys(config: Config, source: str) -> None:
    """Raise for keys that no part of the toolkit reads; constructors refuse the rest when they are built."""
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
