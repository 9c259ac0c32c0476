"""Config files as users write them: loaded, merged, and checked for keys that nothing reads."""

import logging
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .config_keys import faults_of_keys, faults_of_options, unused_variables


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
    _refuse(faults_of_options(options or {}), str(path))
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such config. Remedy: see model_zoo.md for their names.')
    config = Config.fromfile(path)
    config.merge_from_dict(options or {})
    check_keys(config, str(path))
    return config


def check_keys(config: Config, source: str) -> None:
    """Raise for keys that no part of the toolkit reads; constructors refuse the rest when they are built."""
    _refuse(faults_of_keys(config), source)
    if names := unused_variables(config):
        logging.getLogger(__name__).warning(
            '%s: nothing reads %s, and no key that is read has their values. Where a base file used older ones, set '
            'the keys that have those.',
            source,
            ', '.join(names),
        )


def _refuse(faults: list[str], source: str) -> None:
    if faults:
        raise ConfigKeyError(f'{source}: {" ".join(faults)}')
