"""Whether weights were trained and tested as would be published: only then are the numbers theirs."""

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
"""Keys of a loader that change no sample."""


def require_trained(work_dir: Path, *, config_file: Path, options: Sequence[str]) -> None:
    """Compare what every training in a work directory wrote out of its config with what would be published.

    Model, data, optimiser, schedule and the weights that it started from count, paths too; the machine does not.

    Raises:
        PublishError: they differ, or nothing was written out.
    """
    runs = sorted(path.parent for path in work_dir.glob('*/vis_data/scalars.json'))
    if not runs:
        raise PublishError(f'{work_dir}: no training curves. Remedy: the --work-dir of tools/train.py.')
    wanted = load_config(config_file, options_of(options))
    if missing := [name for name in _OF_A_TRAINING if name not in wanted]:
        raise PublishError(f'{config_file}: it trains nothing, without {", ".join(missing)}. Remedy: the one that did.')
    for run in runs:
        ran = read_literals(run / 'config.py', _OF_A_TRAINING, _MAY_BE_ABSENT)
        goes_on = bool(ran.get('resume'))  # then load_from is where it stopped, or nothing
        if found := first_differences(_of_a_training(ran, goes_on), _of_a_training(wanted, goes_on)):
            raise PublishError(
                f'{run / "config.py"}: with {config_file} and these --options the training would differ in {found}. '
                'Remedy: name the config and all options that it had; a work directory for every training.'
            )


def _of_a_training(config: Mapping[str, Any], goes_on: bool) -> dict[str, Any]:
    """What weights depend on, seed and machine apart."""
    left_out = {'resume', 'load_from'} if goes_on else {'resume'}
    names = [name for name in (*_OF_A_TRAINING, *_MAY_BE_ABSENT) if name in config and name not in left_out]
    plain = Config(deepcopy({name: config[name] for name in names}))
    _list_stages(plain.train_dataloader.dataset)
    spell_out(plain, 'cpu')  # the run has written out where its own machine had the levers
    plain.train_dataloader = {key: value for key, value in plain.train_dataloader.items() if key not in _OF_THE_MACHINE}
    return dict(by_name({name: plain[name] for name in names}))


def _list_stages(dataset: dict[str, Any]) -> None:
    """The pipeline that a run of an earlier version has written as a dict, its stages in alphabetical order."""
    if isinstance(dataset.get('pipeline'), dict):
        dataset['pipeline'] = in_order(dataset['pipeline']) or dataset['pipeline']


def commit_of_training(contents: Mapping[str, Any]) -> str | None:
    """The commit that a checkpoint was trained at, all digits; with '+changes' if the tree was not that; None: unknown.

    Checkpoints that were written before ours recorded it have that of the folder they were trained in, by MMEngine, and
    no word on changes.
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
    """The newest test of a work directory, once it is sure that it is what a command of the zoo would repeat.

    Args:
        work_dir: of tools/test.py.
        config_file, config: the test's, as a path and below configs/.
        options: its `--cfg-options`, without places of files of this run.
        protocol: in words.
        sha256: of the checkpoint that it must have tested.
        weights: of that checkpoint, those that would be published.

    Raises:
        FileNotFoundError: no test has finished there.
        PublishError: it tested other weights, with other settings, or weights that would not be published.
    """
    result = newest_test(work_dir)
    tested = _loaded_by(result)
    if not tested.is_file() or sha256_of(tested) != sha256:
        raise PublishError(
            f'{result}: this is a test of {tested}, which is not what would be published. Remedy: test the checkpoint.'
        )
    wanted = load_config(config_file, options_of(options))
    if missing := [name for name in _OF_A_TEST if wanted.get(name) is None]:
        raise PublishError(f'{config_file}: it tests nothing, without {", ".join(missing)}. Remedy: the config tested.')
    ran = read_literals(result.parent / 'vis_data' / 'config.py', _OF_A_TEST)
    if found := first_differences(_of_a_test(ran), _of_a_test(wanted)):
        raise PublishError(f'{result}: with configs/{config} and these options it would differ in {found}. '
                           'Remedy: name the config and all options that the test had.')  # fmt: skip
    try:
        load_weights(MODELS.build(wanted.model), weights, source='what would be published')
    except CheckpointError as error:
        problem = str(error).partition(' Remedy')[0]
        raise PublishError(f'{result}: its command could not repeat it: {problem} Remedy: --whole.') from error
    metrics = {
        name: value
        for name, value in json.loads(result.read_text()).items()
        if name not in COSTS and isinstance(value, (int, float)) and not name.startswith('features/')
    }
    return TestedBy(config=config, options=tuple(options), protocol=protocol, metrics=metrics)


def _loaded_by(result: Path) -> Path:
    """The checkpoint that a test's log says it has loaded."""
    found = re.findall(r'Load checkpoint from (.+)$', result.with_suffix('.log').read_text(), re.MULTILINE)
    if not found:
        raise PublishError(f'{result}: a test without a checkpoint. Remedy: name one on the command line of test.py.')
    return Path(found[-1])


def _of_a_test(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a test's numbers depend on, machine apart."""
    evaluators = config['test_evaluator']
    evaluators = [evaluators] if isinstance(evaluators, Mapping) else list(evaluators)
    return dict(
        model={key: value for key, value in config['model'].items() if key != 'init_cfg'},
        dataset=by_name(config['test_dataloader']['dataset']),
        evaluator=[evaluator for evaluator in evaluators if evaluator['type'] != 'FeatureDump'],
    )
