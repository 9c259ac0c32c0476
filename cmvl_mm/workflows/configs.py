"""Shipped configs: what there is, what one resolves to, and a copy to change."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmvl_mm.files.atomic import replace_text
from cmvl_mm.files.shipped import config_names, config_path


class ConfigCopyError(ValueError):
    """A copy that cannot be written; the message names path and remedy."""


def config_titles() -> dict[str, str]:
    """Name of every shipped config -> first line of its docstring. Runs no config, and needs no more than Python."""
    return {name: _title(config_path(name)) for name in config_names()}


def _title(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return ' '.join(docstring.split('\n\n')[0].split())


def resolved_config(name: str, options: Mapping[str, Any] | None = None) -> str:
    """A config with its bases and options merged, as the text of a Python file that MMEngine reads.

    Args:
        name: of a shipped config, or a file.
        options: as `cmvl_mm.engine.config.merge_options` takes them.

    Raises:
        NotShippedError, ConfigKeyError, ValueError: as `cmvl_mm.engine.config.load_config`.
    """
    from cmvl_mm.engine.config import load_config

    return load_config(name, dict(options or {})).pretty_text


def copy_config(
    name: str, destination: str | Path, *, options: Mapping[str, Any] | None = None, inherit: bool = False
) -> Path:
    """Write a config of one's own.

    Args:
        name: of a shipped config.
        destination: a .py file that does not exist.
        options: merged into the copy.
        inherit: write a short file whose base is the shipped config, wherever the package is installed; else the file
            holds everything and needs no other.

    Raises:
        ConfigCopyError: the destination exists or is no .py file; `inherit` with options.
        NotShippedError, ConfigKeyError: as `resolved_config`.
    """
    path = Path(destination)
    if path.suffix != '.py':
        raise ConfigCopyError(f'{path}: a config is a Python file. Remedy: a name that ends in .py.')
    if path.exists():
        raise ConfigCopyError(f'{path}: exists already. Remedy: another name, or delete it first.')
    if not path.parent.is_dir():
        raise ConfigCopyError(f'{path}: its folder does not exist. Remedy: mkdir -p {path.parent}.')
    if inherit and options:
        raise ConfigCopyError(f'{path}: a copy that inherits takes no options. Remedy: write them into the file.')
    replace_text(path, _child(name) if inherit else f'"""A copy of {name}."""\n\n{resolved_config(name, options)}')
    return path


def _child(name: str) -> str:
    """MMEngine evaluates the value of `_base_` and gives it no names, so the import is part of it."""
    config_path(name)  # it exists
    return (
        f'"""Changes {name}: what stands below is merged into it."""\n\n'
        f"_base_ = __import__('cmvl_mm.files.shipped', fromlist=['base']).base({name!r})\n\n"
        '# train_dataloader = dict(batch_size=16)\n'
    )
