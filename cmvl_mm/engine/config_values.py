"""Check config values that would cause an error that names no key, before anything is built."""

import logging
from collections.abc import Callable
from typing import Any

from mmengine.config import Config


class ConfigValueError(ValueError):
    """An invalid value; the message names its key and the allowed values."""


def _whole(low: int, high: float = float('inf')) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float('inf')


_AT_LEAST_ONE = (_whole(1), 'a whole number of at least 1')
_NOT_NEGATIVE = (_whole(0), 'a whole number of at least 0')
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **{f'{loader}.batch_size': _AT_LEAST_ONE for loader in _LOADERS},
    **{f'{loader}.num_workers': _NOT_NEGATIVE for loader in _LOADERS},
    'train_cfg.max_epochs': _AT_LEAST_ONE,
    'auto_scale_lr.base_batch_size': _AT_LEAST_ONE,
    'default_hooks.logger.interval': _AT_LEAST_ONE,
    'default_hooks.checkpoint.interval': _AT_LEAST_ONE,
    'model.cls_head.num_classes': _AT_LEAST_ONE,
    'optim_wrapper.optimizer.lr': (_positive, 'a number above 0'),
    'randomness.seed': (_whole(0, 2**32 - 1), 'a whole number from 0 to 2**32 - 1'),
    'log_level': (lambda value: value in logging.getLevelNamesMapping(), 'one of DEBUG, INFO, WARNING, ERROR'),
}


def check_values(config: Config) -> None:
    """Check the values that users change most; None is left to the code that reads the key.

    Raises:
        ConfigValueError: a value has the wrong type or size or is missing, or a schedule ends before it begins.
    """
    for name, (allows, words) in _VALUES.items():
        value = _at(config, name)
        if value is not None and not allows(value):
            raise ConfigValueError(f'{name}={value!r} must be {words}. Remedy: pass --cfg-options {name}=…')
    _check_classes(config)
    _check_schedule(config)
    _check_timeout(config)


def _check_classes(config: Config) -> None:
    """Require `num_classes`: our classifier has no default, but `data` may fill it later."""
    head = _at(config, 'model.cls_head')
    forgotten = isinstance(head, dict) and head.get('type') == 'ClassificationHead' and head.get('num_classes') is None
    if forgotten and config.get('data') is None:
        ann_file = _at(config, 'train_dataloader.dataset.ann_file') or 'LIST'
        raise ConfigValueError(
            f'model.cls_head.num_classes is not set. Remedy: pass --cfg-options data={ann_file}, which counts the '
            'classes of the list, or model.cls_head.num_classes=N.'
        )


def _check_schedule(config: Config) -> None:
    """Refuse a short trial run that ends before the warm-up of its main schedule."""
    schedules = config.get('param_scheduler')
    schedules = schedules if isinstance(schedules, (list, tuple)) else [schedules]
    for number, schedule in enumerate(schedules):
        if not isinstance(schedule, dict):
            continue
        begin, end = schedule.get('begin', 0), schedule.get('end')
        if isinstance(begin, int) and isinstance(end, int) and end <= begin:
            raise ConfigValueError(
                f'param_scheduler.{number} begins at {begin} and ends at {end}. Remedy: pass --cfg-options '
                f'param_scheduler.{number}.end={begin + 1} or more, and a train_cfg.max_epochs that reaches it.'
            )


def _check_timeout(config: Config) -> None:
    """Check the time limit. No shipped config sets it, because torch's default differs between GPUs and CPUs."""
    seconds = _at(config, 'env_cfg.dist_cfg.timeout')
    if seconds is not None and not _positive(seconds):
        raise ConfigValueError(
            f'env_cfg.dist_cfg.timeout={seconds!r} must be a number of seconds above 0. Remedy: pass --cfg-options '
            'env_cfg.dist_cfg.timeout=1800'
        )


def _at(config: Any, name: str) -> Any:
    """The value of a dotted name; None where the config has no such place."""
    for part in name.split('.'):
        config = config.get(part) if isinstance(config, (dict, Config)) else None
    return config
