"""Whether a test was of these weights and with these settings: only then is its number one of theirs."""

import argparse
import ast
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from cmvl_mm.engine.config import load_config
from cmvl_mm.evaluation.runs import COSTS
from cmvl_mm.models.digest import sha256_of
from cmvl_mm.visualization.logs import newest_test

from .manifest import TestedBy, listed


class PublishError(ValueError):
    """Something is not as it would be published; the message says what, and what to do."""


def options_of(words: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE words as `--cfg-options` reads them."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument('--cfg-options', nargs='*', action=DictAction, default={})
    return parser.parse_args(['--cfg-options', *words]).cfg_options if words else {}


def read_tested(
    work_dir: str | Path, *, config_file: Path, config: str, options: Sequence[str], protocol: str, sha256: str
) -> TestedBy:
    """The newest test of a work directory, once it is sure that it is what a command of the zoo would repeat.

    Args:
        work_dir: of tools/test.py.
        config_file, config: the test's, as a path and below configs/.
        options: its `--cfg-options`, without places of files of this run.
        protocol: in words.
        sha256: of the checkpoint that it must have tested.

    Raises:
        FileNotFoundError: no test has finished there.
        PublishError: it tested other weights, or with other settings.
    """
    result = newest_test(work_dir)
    tested = _loaded_by(result)
    if not tested.is_file() or sha256_of(tested) != sha256:
        raise PublishError(
            f'{result}: this is a test of {tested}, which is not what would be published. Remedy: test the checkpoint.'
        )
    ran = read_literals(result.parent / 'vis_data' / 'config.py', ('model', 'test_dataloader', 'test_evaluator'))
    wanted = load_config(config_file, options_of(options))
    if found := difference(_what_counts(ran), _what_counts(wanted)):
        raise PublishError(f'{result}: with configs/{config} and these options it would differ in {found}. '
                           'Remedy: name the config and all options that the test had.')  # fmt: skip
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


def _what_counts(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a test's numbers depend on, machine apart."""
    evaluators = config['test_evaluator']
    evaluators = [evaluators] if isinstance(evaluators, Mapping) else list(evaluators)
    return dict(
        model={key: value for key, value in config['model'].items() if key != 'init_cfg'},
        dataset=config['test_dataloader']['dataset'],
        evaluator=[evaluator for evaluator in evaluators if evaluator['type'] != 'FeatureDump'],
    )


def difference(one: Any, other: Any, place: str = '') -> str | None:
    """Where two configs first differ, and how; None if they do not. Sequences and paths may be written differently."""
    one, other = listed(one), listed(other)
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(key, one.get(key), other.get(key)) for key in sorted(one.keys() | other.keys())]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(str(number), a, b) for number, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        same = one == other or (isinstance(one, str) and isinstance(other, str) and _same_place(one, other))
        return None if same else f'{place.removeprefix(".")}: {one!r} and {other!r}'
    return next((found for key, a, b in pairs if (found := difference(a, b, f'{place}.{key}')) is not None), None)


def _same_place(one: str, other: str) -> bool:
    return Path(one).exists() and Path(other).exists() and Path(one).resolve() == Path(other).resolve()


def read_literals(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Top-level values of a config that MMEngine has written out, without running it: literals and `dict(…)` alone.

    Raises:
        PublishError: a name is missing, or its value is more than that.
    """
    assigned = {
        target.id: node.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if missing := [name for name in names if name not in assigned]:
        raise PublishError(f'{path}: it has no {", ".join(missing)}. Remedy: the work directory of a test.')
    return {name: _literal(assigned[name], path) for name in names}


def _literal(node: ast.expr, path: Path) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        return {str(word.arg): _literal(word.value, path) for word in node.keywords}
    if isinstance(node, ast.Dict):
        return {
            _literal(key, path): _literal(value, path)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_literal(item, path) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise PublishError(f'{path}:{node.lineno}: more than a value. Remedy: a config of plain data.') from error
