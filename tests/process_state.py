"""What a test may change of its process, and what of it is no longer as it was."""

import builtins
import logging
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any

_ABSENT = '(absent)'
_VARIABLES = 'CMVL_', 'LOCAL_RANK', 'MASTER_', 'PORT', 'PYTHON', 'RANK', 'RAY_', 'WORLD_SIZE'
"""What these begin with changes how later tests run; of others, libraries set many when they are first used."""
_AT_IMPORT = frozenset({'RAY_CLIENT_MODE'})
_LOGGERS = 'root', 'cmvl_mm', 'mmengine', 'ray'
_OF_TORCH = signal.SIGCHLD  # its data loader sets a handler with the first worker, for good
_NEW_AT_IMPORT = 'logger ', 'torch.'


def process_state() -> dict[str, Any]:
    """Name -> value; of libraries, those that are loaded. Standard streams are pytest's, which sets them anew."""
    return {
        **{f'builtins.{name}': value for name, value in vars(builtins).items() if callable(value) and name != '_'},
        'sys.breakpointhook': sys.breakpointhook,
        **{
            f'variable {name}': value
            for name, value in os.environ.items()
            if name.startswith(_VARIABLES) and name not in _AT_IMPORT
        },
        **{f'handler of {number.name}': signal.getsignal(number) for number in signal.Signals if number != _OF_TORCH},
        'sys.argv': list(sys.argv),
        'working directory': os.getcwd(),
        'largest file': resource.getrlimit(resource.RLIMIT_FSIZE),
        'largest memory': resource.getrlimit(resource.RLIMIT_AS),
        'logging.disable': logging.root.manager.disable,
        **_loggers(),
        **_mmengine_loggers(),
        **_torch(),
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """'name: before -> after' of each change; a logger or torch that is new is none."""
    old_or_telling = [name for name in {**before, **after} if name in before or not name.startswith(_NEW_AT_IMPORT)]
    pairs = {name: (before.get(name, _ABSENT), after.get(name, _ABSENT)) for name in old_or_telling}
    return {f'{name}: {old!r} -> {new!r}' for name, (old, new) in pairs.items() if old != new}


def _loggers() -> dict[str, Any]:
    """Of Python's own; many libraries set up theirs at their first use."""
    every = {'root': logging.root} | logging.root.manager.loggerDict
    return {
        f'logger {name}': (logger.level, logger.disabled, logger.propagate)
        for name, logger in every.items()
        if isinstance(logger, logging.Logger) and name.split('.')[0] in _LOGGERS
    }


def _mmengine_loggers() -> dict[str, Any]:
    """Those that are not as MMEngine makes them: later tests, and all code that logs, get the newest one."""
    module = sys.modules.get('mmengine.logging')
    made = module.MMLogger._instance_dict if module else {}
    found = {}
    for name, logger in made.items():
        replaced = [method for method in vars(logger) if callable(getattr(type(logger), method, None))]
        facts = logger.level, logger.disabled, logger.propagate, replaced
        if facts != (logging.NOTSET, False, True, []):
            found[f'MMLogger {name}: level, disabled, propagate, replaced methods'] = facts
    return found


def _torch() -> dict[str, Any]:
    torch = sys.modules.get('torch')
    if torch is None or not hasattr(torch, 'get_num_threads'):  # or it is being imported
        return {}
    return {
        'torch.get_num_threads': torch.get_num_threads(),
        'torch.get_default_dtype': torch.get_default_dtype(),
        'torch.is_grad_enabled': torch.is_grad_enabled(),
        'torch.are_deterministic_algorithms_enabled': torch.are_deterministic_algorithms_enabled(),
        'torch.get_float32_matmul_precision': torch.get_float32_matmul_precision(),
    }
