"""Which keys of a config are read, by which code, and which other keys a config may hold.

MMEngine ignores keys that it does not know, so a misspelt key would silently change nothing. MMAction2's configs also
hold variables (`data_root`, `train_pipeline`) that nothing reads: their values are copied into other keys when the file
is read. So an unknown key of a file is treated as follows:

| key | verdict |
|---|---|
| differs in a letter or two from a key that is read | an error |
| similar to a key that is read, or of MMAction2 0.x | an error, unless a key that is read has its list or whole dict |
| a pipeline | an error, unless a key that is read has its list: the data sets use another |
| any other name | a variable; the log says if no key that is read has its value (except numbers) |
| begins with `_` | a variable |

On the command line an unknown key is an error: the keys that use a variable are read before.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from cmvl_mm.files.parameters import parameters_of

from .levers import LEVERS

_OF_RUNNER = parameters_of('mmengine.runner.runner', 'Runner') - {'cfg'}
_ELSEWHERE = {
    *('sync_bn', 'find_unused_parameters', 'model_wrapper_cfg', 'compile'),  # MMEngine's Runner, from its cfg
    *('activation_checkpointing', 'efficient_conv_bn_eval'),  # Runner.train
    *('custom_imports', 'runner_type', 'strategy'),  # Config.fromfile, RUNNERS.build, FlexibleRunner
    *('tta_model', 'tta_pipeline'),  # build_runner_with_tta
    'model_path',  # mmengine.hub
    'test_pipeline',  # inference_recognizer, vis_cam
    'fast_step',
    'data',  # own_data
}
TOP_LEVEL_KEYS = frozenset(_OF_RUNNER | _ELSEWHERE)

_OF_SCRIPTS = frozenset(
    {'ann_file_train', 'ann_file_val', 'tem_results_dir', 'pgm_proposals_dir', 'pgm_features_dir'}
) | {
    *('pgm_proposals_cfg', 'pgm_features_train_cfg', 'pgm_features_test_cfg'),
}
"""Read by MMAction2's bench_processing and BSN scripts, and by nothing that trains or tests."""

_OF_VERSION_0 = {
    'data': 'train_dataloader, val_dataloader, test_dataloader',
    'optimizer': 'optim_wrapper.optimizer',
    'optimizer_config': 'optim_wrapper.clip_grad',
    'lr_config': 'param_scheduler',
    'evaluation': 'val_evaluator',
    'total_epochs': 'train_cfg.max_epochs',
    'checkpoint_config': 'default_hooks.checkpoint',
    'log_config': 'default_hooks.logger',
    'dist_params': 'env_cfg.dist_cfg',
    'workflow': 'train_cfg, val_cfg',
    'seed': 'randomness.seed',
    'fp16': 'fast_step.precision',
    'resume_from': 'resume and load_from',
    'cudnn_benchmark': 'env_cfg.cudnn_benchmark',
}
_HOOKS = frozenset({'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint', 'stock_runner'})
_NESTED = {
    'fast_step': LEVERS,
    'auto_scale_lr': frozenset({'enable', 'base_batch_size'}),
    'env_cfg': frozenset({'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}),
}
"""Keys of the dicts that MMEngine reads with .get(), and of our own dicts."""
_OURS = parameters_of('cmvl_mm.engine.checkpoint_hook', 'AtomicCheckpointHook')
_STOCK = parameters_of('mmengine.hooks.checkpoint_hook', 'CheckpointHook')
_OF_SAVE = parameters_of('mmengine.runner.runner', 'Runner.save_checkpoint')
"""Arguments of `Runner.save_checkpoint`, to which CheckpointHook passes its `**kwargs`."""
_MISSPELT, _ALIKE = 0.87, 0.8
"""Similarities by difflib: optim_wraper 0.96, resum 0.91, load_form 0.89, test_config 0.84, lr_scheduler 0.81;
data_root 0.62, base_lr 0.60. Of all variables of MMAction2's configs, train_pipeline has the highest, 0.85."""


def faults_of_keys(config: Mapping[str, Any]) -> list[str]:
    """A sentence with a remedy for each invalid key; see the table above."""
    faults = []
    used = _Values(value for key, value in config.items() if key in TOP_LEVEL_KEYS)
    for key in _unknown(config):
        alike = get_close_matches(key, TOP_LEVEL_KEYS, n=1, cutoff=_ALIKE)
        misspelt = get_close_matches(key, TOP_LEVEL_KEYS, n=1, cutoff=_MISSPELT)
        if not misspelt and used.hold_whole(config[key]):
            continue
        if key in _OF_VERSION_0:
            faults.append(
                f'nothing reads {key}, a key of MMAction2 0.x. Remedy: use {_OF_VERSION_0[key]}; '
                f'or _{key} for a variable of your own.'
            )
        elif key.endswith('_pipeline'):
            faults.append(
                f'nothing reads {key}: no data set has this pipeline, because the base file is read first. '
                'Remedy: set train_dataloader=dict(dataset=dict(pipeline=…)).'
            )
        elif alike:
            faults.append(f'nothing reads {key}. Remedy: use {alike[0]}; or _{key} for a variable of your own.')
    if isinstance(config.get('data'), Mapping):
        faults.append(
            f'nothing reads data as a dict, a key of MMAction2 0.x. Remedy: use {_OF_VERSION_0["data"]}; or '
            'data=folder, see cmvl_mm.engine.own_data.'
        )
    return [*faults, *_faults_below(config)]


def unused_variables(config: Mapping[str, Any]) -> list[str]:
    """Variables whose value no key that is read has; numbers are left out, because a config may calculate with them."""
    used = _Values(value for key, value in config.items() if key in TOP_LEVEL_KEYS)
    names = [key for key in _unknown(config) if key not in _OF_SCRIPTS]
    return [key for key in names if isinstance(config[key], (str, list, tuple, dict)) and not used.hold(config[key])]


def faults_of_options(options: Iterable[str]) -> list[str]:
    """A sentence with a remedy for each invalid dotted key of a command line."""
    names = sorted({option.split('.')[0] for option in options} - TOP_LEVEL_KEYS)
    return [f'nothing reads {name}. {_allowed(TOP_LEVEL_KEYS)}' for name in names]


def _unknown(config: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in config.keys() - TOP_LEVEL_KEYS if not key.startswith('_'))


def _faults_below(config: Mapping[str, Any]) -> Iterator[str]:
    for name, allowed in _NESTED.items():
        if not isinstance(config.get(name) or {}, Mapping):
            yield f'{name}={config[name]!r} must be a dict. {_allowed(allowed)}'
            continue
        for key in sorted((config.get(name) or {}).keys() - allowed):
            yield f'nothing reads {name}.{key}. {_allowed(allowed)}'
    hooks = config.get('default_hooks') or {}
    for key, hook in sorted(hooks.items()):
        if key not in _HOOKS and isinstance(hook, Mapping) and 'type' not in hook:
            yield f'nothing reads default_hooks.{key}. {_allowed(_HOOKS)} A hook with any other name needs a type.'
    checkpoint = hooks.get('checkpoint')
    if isinstance(checkpoint, Mapping):
        yield from _faults_of_checkpoint(checkpoint)


def _faults_of_checkpoint(hook: Mapping[str, Any]) -> Iterator[str]:
    ours = hook.get('type', 'AtomicCheckpointHook') == 'AtomicCheckpointHook'
    known = {'type', '_delete_', 'priority'} | (_OURS if ours else _STOCK | _OF_SAVE)
    if not ours and hook['type'] != 'CheckpointHook':
        return  # the constructor checks its arguments
    for key in sorted(hook.keys() - known):
        if key in _STOCK:
            yield (
                f'default_hooks.checkpoint.{key}: AtomicCheckpointHook has no {key}, only MMEngine’s CheckpointHook. '
                "Remedy: add default_hooks.best=dict(type='CheckpointHook', interval=-1, save_last=False, "
                "save_best='auto'); or set default_hooks.checkpoint=dict(_delete_=True, "
                "type='CheckpointHook', …), which saves nothing at a signal."
            )
        else:
            yield f'nothing reads default_hooks.checkpoint.{key}. {_allowed(known)}'


def _allowed(names: Iterable[str]) -> str:
    return f'Allowed here: {", ".join(sorted(names))}.'


class _Values:
    """All values of some configs, at any depth."""

    def __init__(self, configs: Iterable[Any]) -> None:
        self.whole: set[str] = set()
        self.texts: list[str] = []
        self.items: list[set[tuple[str, str]]] = []
        for config in configs:
            self._add(_plain(config))

    def _add(self, value: Any) -> None:
        self.whole.add(repr(value))
        if isinstance(value, str):
            self.texts.append(value)
        elif isinstance(value, dict):
            self.items.append({(key, repr(child)) for key, child in value.items()})
        for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._add(child)

    def hold(self, value: Any) -> bool:
        """Whether a value equals this text, list or dict or contains it as a part. For a number it cannot be known."""
        value = _plain(value)
        if not isinstance(value, (str, list, dict)) or not value:
            return False
        if repr(value) in self.whole:
            return True
        if isinstance(value, str):
            return any(value in text for text in self.texts)
        if isinstance(value, dict):
            return any({(key, repr(child)) for key, child in value.items()} <= items for items in self.items)
        return all(repr(child) in self.whole for child in value)

    def hold_whole(self, value: Any) -> bool:
        """Whether a value equals this dict, or `hold` finds this list: texts and parts of dicts may match by chance."""
        if isinstance(value, dict):
            return bool(value) and repr(_plain(value)) in self.whole
        return isinstance(value, (list, tuple)) and self.hold(value)


def _plain(value: Any) -> Any:
    """Turn tuples into lists and MMEngine's dicts into dicts, so that equal values have equal text."""
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, (list, tuple)) else value
