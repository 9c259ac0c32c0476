"""Check a model config from a data file: every `type` in it must be registered."""

from collections.abc import Mapping
from typing import Any

from mmaction.registry import MODELS


class TypeNameError(ValueError):
    """A `type` is not the name of a registered model or part."""


def require_registered(config: Any, source: str, place: str = 'model') -> None:
    """Refuse every `type`, at any depth, that is not in the model registry; nothing is imported or built.

    Args:
        config: a build dict of plain data, possibly from an untrusted source.
        source: the file it comes from, for messages.
        place: position of this part in the whole config, for messages.

    Raises:
        TypeNameError: a `type` is not registered; the message names place, value and remedy.
    """
    if isinstance(config, Mapping):
        if '_scope_' in config:  # MMEngine imports `<scope>.registry`
            raise TypeNameError(f'{source}: {place}._scope_ is {config["_scope_"]!r}. Remedy: omit _scope_.')
        if 'type' in config and not _is_registered(config['type']):
            raise TypeNameError(
                f'{source}: {place}.type is {config["type"]!r}, not a registered model. Remedy: use a name that an '
                'import registers, such as C3DBN; or a config file (.py), which is a program that you trust.'
            )
        for key, value in config.items():
            require_registered(value, source, f'{place}.{key}')
    elif isinstance(config, (list, tuple)):
        for number, value in enumerate(config):
            require_registered(value, source, f'{place}.{number}')


def _is_registered(name: Any) -> bool:
    """Look the name up without an import; the registry's own `get` may import."""
    MODELS.import_from_location()  # MMAction2's own modules, once
    registry = MODELS
    while registry is not None:
        if isinstance(name, str) and name in registry.module_dict:
            return True
        registry = registry.parent
    return False
