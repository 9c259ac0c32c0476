"""Test a checkpoint with a config: a classifier, retrieval, a linear probe or nearest neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.launch import default_work_dir, runner_from
from cmvl_mm.engine.logs import read_test
from cmvl_mm.engine.other_split import use_split
from cmvl_mm.engine.strict_files import read_files_as_data
from cmvl_mm.evaluation.summary import Figure, figures_of


class NothingToTest(ValueError):
    """No config says what to test; the message names path and remedy."""


@dataclass(frozen=True)
class Tested:
    """The result of a test."""

    config: str
    checkpoint: str | None
    """Path of the checkpoint; None: the weights that the config's `model.init_cfg` names, or random weights."""
    work_dir: str
    """Folder of the log and the figures."""
    figures: list[Figure]
    """Figures in percent, with 95 % intervals."""
    raw: dict[str, Any]
    """Contents of the test's file: figures in the metrics' own units, counts, times."""

    def as_dict(self) -> dict[str, Any]:
        """The result as plain data for JSON."""
        return vars(self) | dict(figures=[figure._asdict() for figure in self.figures])


def run_named_test(
    target: str,
    checkpoint: str | None = None,
    *,
    work_dir: str | None = None,
    split: int | None = None,
    options: Mapping[str, Any] | None = None,
    sha256: str | None = None,
    seed: int | None = None,
    dump_features: str | None = None,
    dump: str | None = None,
) -> Tested:
    """Test in this process, with a progress bar on standard error and the figures on standard output.

    Args:
        target: a shipped config ('demo/retrieval'), a config file, or a work directory. For a work directory, its
            newest config is used, its newest checkpoint if `checkpoint` is None, and the results go to its sub-folder
            `test`.
        checkpoint: as for `run_test`.
        work_dir: folder for log and figures; None: work_dirs/<the config's path below configs/>.
        split: official split 2 or 3, which replaces split 1 in every list of the config.
        options: dotted keys of the config and their values.
        sha256, seed, dump_features, dump: as for `run_test`.

    Raises:
        NothingToTest: the work directory has no config, or the config has no test.
        NotShippedError, ConfigKeyError: as for `load_config`.
        FileNotFoundError, CheckpointError, DigestError: as for `run_test`.
    """
    read_files_as_data()
    folder = Path(target)
    if folder.is_dir():
        source, default = str(_newest_config(folder)), folder / 'test'
        checkpoint = checkpoint or str(resolve_checkpoint(folder))
    else:
        source, default = target, default_work_dir(target, split)
    config = load_config(source, dict(options or {}))
    if config.get('test_dataloader') is None:
        raise NothingToTest(
            f'{source} has no test_dataloader, as in a pretraining, and so nothing to test. Remedy: train a classifier '
            'from its weights with `cmvl finetune FOLDER --from WORK_DIR`, or test the weights with a config for '
            'retrieval or own/linear (`cmvl config list`).'
        )
    if split is not None:
        use_split(config, split, source)
    config.launcher, config.resume, config.work_dir = 'none', False, str(work_dir or default)
    run_test(config, checkpoint, sha256=sha256, seed=seed, dump_features=dump_features, dump=dump)
    raw = read_test(config.work_dir)
    return Tested(source, checkpoint, config.work_dir, figures_of(raw), raw)


def run_test(
    config: Config,
    checkpoint: str | None = None,
    *,
    sha256: str | None = None,
    seed: int | None = None,
    dump_features: str | None = None,
    dump: str | None = None,
) -> Runner:
    """Run a config's test; log and figures go to the runner's work directory.

    Args:
        config: config with `work_dir` and `launcher`; changed in place.
        checkpoint: a file, a work directory, a name of the zoo or an address; None takes the weights that
            `model.init_cfg` names, or random weights if it is None.
        sha256: full SHA-256 of the checkpoint; another file is refused.
        seed: seed of random weights.
        dump_features: path of an .npz file for features, labels, is_query, paths and scores.
        dump: path of a .pkl file for predictions in the form that MMAction2's analysis tools read.

    Raises:
        FileNotFoundError, CheckpointError, DigestError: the checkpoint does not exist, or does not fit.
        ValueError: there is no checkpoint, and a head would be random.
        FeaturesError, PredictionsError: features or predictions could not be written; the figures are complete.
    """
    config.load_from = checkpoint
    if checkpoint is not None and sha256 is not None:
        config.load_from = str(resolve_checkpoint(checkpoint, sha256=sha256))
    if seed is not None:
        config.randomness = dict(config.get('randomness', {}), seed=seed)
    if dump_features is not None:
        _add_metric(config, dict(type='FeatureDump', path=dump_features))
    if dump is not None:
        _add_metric(config, dict(type='PredictionDump', out_file_path=dump))
    runner = runner_from(config)
    if checkpoint is None:
        runner.init_weights_for_test()
    runner.test()
    return runner


def _newest_config(folder: Path) -> Path:
    files = sorted(folder.glob('*.py'), key=lambda path: path.stat().st_mtime)
    if not files:
        raise NothingToTest(
            f'{folder}: this work directory has no config. Remedy: pass a config, and then the folder as checkpoint.'
        )
    return files[-1]


def _add_metric(config: Config, metric: dict[str, Any]) -> None:
    evaluator = config.test_evaluator
    metrics = list(evaluator) if isinstance(evaluator, (list, tuple)) else [evaluator]
    config.test_evaluator = [*metrics, metric]
