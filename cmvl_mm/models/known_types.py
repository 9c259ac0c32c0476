"""Checks a model that data describe: every part of it must be a registered one."""

from collections.abc import Mapping
from typing import Any

from mmaction.registry import MODELS


class TypeNameError(ValueError):
    """A `type` that names no registered model or part."""


def require_registered(config: Any, source: str, place: str = 'model') -> None:
    """Refuse every `type`, at any depth, that is not a name in the registry of models; nothing is imported or built.

    Args:
        config: a build dict of plain data, perhaps of a stranger.
        source: where it comes from, for messages.
        place: of this part in the whole, for messages.

    Raises:
        TypeNameError: names place, value and remedy.
    """
    if isinstance(config, Mapping):
        if '_scope_' in config:  # MMEngine imports `<scope>.registry`
            raise TypeNameError(f'{source}: {place}._scope_ is {config["_scope_"]!r}. Remedy: leave it out.')
        if 'type' in config and not _is_registered(config['type']):
            raise TypeNameError(
                f'{source}: {place}.type is {config["type"]!r}, no registered model. Remedy: a name such as C3DBN, '
                'registered by an import before; or a config file (.py), which is a program that you trust.'
            )
        for key, value in config.items():
            require_registered(value, source, f'{place}.{key}')
    elif isinstance(config, (list, tuple)):
        for number, value in enumerate(config):
            require_registered(value, source, f'{place}.{number}')


def _is_registered(name: Any) -> bool:
    """Looks the name up and imports nothing, which the registry's own `get` may do."""
    MODELS.import_from_location()  # MMAction2's own, once
    registry = MODELS
    while registry is not None:
        if isinstance(name, str) and name in registry.module_dict:
            return True
        registry = registry.parent
    return False
