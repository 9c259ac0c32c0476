"""Check that weights were trained and tested with the settings to be published, so that the figures are theirs."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmaction.registry import MODELS
from mmengine.config import Config
from torch import Tensor

import cmvl_mm.register  # noqa: F401  (what the models are built of)
from cmvl_mm.checkpoints.pretrained import load_weights
from cmvl_mm.checkpoints.resolve import CheckpointError
from cmvl_mm.datasets.stages import by_name, in_order
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.fast_step import spell_out
from cmvl_mm.engine.logs import newest_test
from cmvl_mm.evaluation.runs import COSTS
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.zoo.manifest import TestedBy

from .settings import PublishError, first_differences, options_of, read_literals

_OF_A_TEST = ('model', 'test_dataloader', 'test_evaluator')
_OF_A_TRAINING = ('model', 'train_dataloader', 'optim_wrapper', 'train_cfg')
_MAY_BE_ABSENT = ('param_scheduler', 'auto_scale_lr', 'fast_step', 'load_from', 'resume')
_OF_THE_MACHINE = {'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor'}
"""Keys of a data loader that do not change samples."""


def require_trained(work_dir: Path, *, config_file: Path, options: Sequence[str]) -> None:
    """Compare the config that each training in a work directory has written with the config to be published.

    Model, data, optimiser, schedule and initial weights are compared, including paths; the machine is not.

    Raises:
        PublishError: they differ, or no config was written.
    """
    runs = sorted(path.parent for path in work_dir.glob('*/vis_data/scalars.json'))
    if not runs:
        raise PublishError(f'{work_dir}: no training curves. Remedy: pass the --work-dir of tools/train.py.')
    wanted = load_config(config_file, options_of(options))
    if missing := [name for name in _OF_A_TRAINING if name not in wanted]:
        raise PublishError(
            f'{config_file}: lacks {", ".join(missing)}, so trains nothing. Remedy: pass the config of the training.'
        )
    for run in runs:
        ran = read_literals(run / 'config.py', _OF_A_TRAINING, _MAY_BE_ABSENT)
        goes_on = bool(ran.get('resume'))  # then load_from is the checkpoint it resumed from, or None
        if found := first_differences(_of_a_training(ran, goes_on), _of_a_training(wanted, goes_on)):
            raise PublishError(
                f'{run / "config.py"}: with {config_file} and these --options, the training would differ in {found}. '
                'Remedy: pass the config and all options of the training; use a work directory for every training.'
            )


def _of_a_training(config: Mapping[str, Any], goes_on: bool) -> dict[str, Any]:
    """The settings on which weights depend, except seed and machine."""
    left_out = {'resume', 'load_from'} if goes_on else {'resume'}
    names = [name for name in (*_OF_A_TRAINING, *_MAY_BE_ABSENT) if name in config and name not in left_out]
    plain = Config(deepcopy({name: config[name] for name in names}))
    _list_stages(plain.train_dataloader.dataset)
    spell_out(plain, 'cpu')  # the run has written the levers of its own machine
    plain.train_dataloader = {key: value for key, value in plain.train_dataloader.items() if key not in _OF_THE_MACHINE}
    return dict(by_name({name: plain[name] for name in names}))


def _list_stages(dataset: dict[str, Any]) -> None:
    """Turn a pipeline that an earlier version wrote as a dict, with stages in alphabetical order, into a list."""
    if isinstance(dataset.get('pipeline'), dict):
        dataset['pipeline'] = in_order(dataset['pipeline']) or dataset['pipeline']


def commit_of_training(contents: Mapping[str, Any]) -> str | None:
    """The full commit at which a checkpoint was trained, with '+changes' if the tree had changes; None: unknown.

    Older checkpoints have only the commit that MMEngine recorded for the folder of the training, without a note on
    changes.
    """
    hub = contents.get('message_hub', {}).get('runtime_info', {})
    recorded = str(hub.get('commit') or hub.get('mmengine_version', ''))
    found = re.search(r'[0-9a-f]{40}(?:\+changes)?$', recorded)
    return found[0] if found else None


def read_tested(
    work_dir: str | Path,
    *,
    config_file: Path,
    config: str,
    options: Sequence[str],
    protocol: str,
    sha256: str,
    weights: Mapping[str, Tensor],
) -> TestedBy:
    """Read the newest test of a work directory, after a check that a command of the zoo would repeat this test.

    Args:
        work_dir: work directory of tools/test.py.
        config_file, config: config of the test, as a path and relative to configs/.
        options: `--cfg-options` of the test, without paths of this run's files.
        protocol: name of the protocol.
        sha256: SHA-256 of the tested checkpoint.
        weights: weights of that checkpoint that would be published.

    Raises:
        FileNotFoundError: no test has finished there.
        PublishError: the test had other weights or settings, or weights that would not be published.
    """
    result = newest_test(work_dir)
    tested = _loaded_by(result)
    if not tested.is_file() or sha256_of(tested) != sha256:
        raise PublishError(
            f'{result}: this is a test of {tested}, not of the weights to publish. Remedy: test those weights.'
        )
    wanted = load_config(config_file, options_of(options))
    if missing := [name for name in _OF_A_TEST if wanted.get(name) is None]:
        raise PublishError(
            f'{config_file}: lacks {", ".join(missing)}, so tests nothing. Remedy: pass the config of the test.'
        )
    ran = read_literals(result.parent / 'vis_data' / 'config.py', _OF_A_TEST)
    if found := first_differences(_of_a_test(ran), _of_a_test(wanted)):
        raise PublishError(f'{result}: with configs/{config} and these options, the test would differ in {found}. '
                           'Remedy: pass the config and all options of the test.')  # fmt: skip
    try:
        load_weights(MODELS.build(wanted.model), weights, source='what would be published')
    except CheckpointError as error:
        problem = str(error).partition(' Remedy')[0]
        raise PublishError(
            f'{result}: its command could not repeat the test: {problem} Remedy: pass --whole.'
        ) from error
    metrics = {
        name: value
        for name, value in json.loads(result.read_text()).items()
        if name not in COSTS and isinstance(value, (int, float)) and not name.startswith('features/')
    }
    return TestedBy(config=config, options=tuple(options), protocol=protocol, metrics=metrics)


def _loaded_by(result: Path) -> Path:
    """The checkpoint that a test has loaded according to its log."""
    found = re.findall(r'Load checkpoint from (.+)$', result.with_suffix('.log').read_text(), re.MULTILINE)
    if not found:
        raise PublishError(
            f'{result}: a test without a checkpoint. Remedy: pass a checkpoint on the command line of test.py.'
        )
    return Path(found[-1])


def _of_a_test(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings on which a test's figures depend, except the machine."""
    evaluators = config['test_evaluator']
    evaluators = [evaluators] if isinstance(evaluators, Mapping) else list(evaluators)
    return dict(
        model={key: value for key, value in config['model'].items() if key != 'init_cfg'},
        dataset=by_name(config['test_dataloader']['dataset']),
        evaluator=[evaluator for evaluator in evaluators if evaluator['type'] != 'FeatureDump'],
    )
