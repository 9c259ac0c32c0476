"""Read settings from a command and from the config of a run, and compare two of them."""

import argparse
import ast
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from cmvl_mm.zoo.manifest import listed


class PublishError(ValueError):
    """Something prevents publishing; the message names it and the remedy."""


def options_of(words: Sequence[str]) -> dict[str, Any]:
    """Parse KEY=VALUE words like `--cfg-options`.

    Raises:
        PublishError: a word is not of this form.
    """
    if wrong := [word for word in words if '=' not in word]:
        raise PublishError(
            f'{wrong[0]!r} is not an option. Remedy: write KEY=VALUE, such as train_dataloader.batch_size=16.'
        )
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument('--cfg-options', nargs='*', action=DictAction, default={})
    return parser.parse_args(['--cfg-options', *words]).cfg_options if words else {}


def first_differences(one: Any, other: Any, most: int = 5) -> str:
    """A text on where and how two configs differ; '' if they are equal."""
    return '; '.join(islice(differences(one, other), most))


def differences(one: Any, other: Any, place: str = '') -> Iterator[str]:
    """Every place where two configs differ, with both values. Sequences and paths may be written differently."""
    one, other = listed(one), listed(other)
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f'{place}.{key}')
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from differences(a, b, f'{place}.{number}')
    elif one != other and not (isinstance(one, str) and isinstance(other, str) and _same_place(one, other)):
        yield f'{place.removeprefix(".")}: {one!r} and {other!r}'


def _same_place(one: str, other: str) -> bool:
    return Path(one).exists() and Path(other).exists() and Path(one).resolve() == Path(other).resolve()


def read_literals(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """Top-level values of a config that MMEngine has written, without running it: only literals and `dict(…)`.

    Raises:
        PublishError: one of `names` is missing, or a value is not a literal.
    """
    assigned = {
        target.id: node.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if missing := [name for name in names if name not in assigned]:
        raise PublishError(
            f'{path}: this config lacks {", ".join(missing)}. Remedy: pass the work directory of a run that has them.'
        )
    return {name: _literal(assigned[name], path) for name in (*names, *optional) if name in assigned}


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
        raise PublishError(f'{path}:{node.lineno}: not a plain value. Remedy: use a config of plain data.') from error
