"""Shipped configs: list them, resolve one, and copy one to change it."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmvl_mm.files.atomic import replace_text
from cmvl_mm.files.shipped import config_names, config_path


class ConfigCopyError(ValueError):
    """The copy cannot be written; the message names path and remedy."""


def config_titles() -> dict[str, str]:
    """Name of every shipped config -> first line of its docstring. It runs no config and needs only Python."""
    return {name: _title(config_path(name)) for name in config_names()}


def _title(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return ' '.join(docstring.split('\n\n')[0].split())


def resolved_config(name: str, options: Mapping[str, Any] | None = None) -> str:
    """A config with its bases and options merged, as the text of a Python file that MMEngine reads.

    Args:
        name: name of a shipped config, or a file.
        options: options for `cmvl_mm.engine.config.merge_options`.

    Raises:
        NotShippedError, ConfigKeyError, ValueError: as for `cmvl_mm.engine.config.load_config`.
    """
    from cmvl_mm.engine.config import load_config

    return load_config(name, dict(options or {})).pretty_text


def copy_config(
    name: str, destination: str | Path, *, options: Mapping[str, Any] | None = None, inherit: bool = False
) -> Path:
    """Copy a shipped config to a file of your own.

    Args:
        name: name of a shipped config.
        destination: path of a .py file that does not exist.
        options: options to merge into the copy.
        inherit: write a short file whose base is the shipped config, wherever the package is installed; otherwise the
            file is complete and needs no other.

    Raises:
        ConfigCopyError: the destination exists or is not a .py file, or `inherit` has options.
        NotShippedError, ConfigKeyError: as for `resolved_config`.
    """
    path = Path(destination)
    if path.suffix != '.py':
        raise ConfigCopyError(f'{path}: a config must be a Python file. Remedy: choose a name that ends in .py.')
    if path.exists():
        raise ConfigCopyError(f'{path}: already exists. Remedy: choose another name, or delete the file first.')
    if not path.parent.is_dir():
        raise ConfigCopyError(f'{path}: its folder does not exist. Remedy: run mkdir -p {path.parent}.')
    if inherit and options:
        raise ConfigCopyError(
            f'{path}: a copy that inherits cannot have options. Remedy: write the options into the copy.'
        )
    replace_text(path, _child(name) if inherit else f'"""A copy of {name}."""\n\n{resolved_config(name, options)}')
    return path


def _child(name: str) -> str:
    """The text of the short file. MMEngine evaluates the value of `_base_` without names, so it holds the import."""
    config_path(name)  # raises if it does not exist
    return (
        f'"""Changes {name}: the settings below are merged into it."""\n\n'
        f"_base_ = __import__('cmvl_mm.files.shipped', fromlist=['base']).base({name!r})\n\n"
        '# train_dataloader = dict(batch_size=16)\n'
    )
