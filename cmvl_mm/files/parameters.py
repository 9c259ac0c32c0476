"""Names of the parameters of a function or class, read from its source, because importing a package takes seconds."""

import ast
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def parameters_of(module: str, name: str) -> frozenset[str]:
    """Names of the parameters as in `inspect.signature`, without `self`. Nothing below the top package is imported.

    Args:
        module: full name, such as 'mmengine.runner.runner'.
        name: name of a function, a class or a method ('Runner.save_checkpoint'); a class has the parameters of
            `__init__`.

    Raises:
        ModuleNotFoundError: the package is not installed.
        LookupError: the module does not define that name.
    """
    top, *below = module.split('.')
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f'No module named {top!r}', name=top)
    path = Path(spec.origin).parent.joinpath(*below).with_suffix('.py')
    node: ast.AST = _parsed(path)
    for part in name.split('.'):
        node = _inner(node, part, path)
    if isinstance(node, ast.ClassDef):
        node = _inner(node, '__init__', path)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    given = node.args
    single = [one for one in (given.vararg, given.kwarg) if one is not None]
    found = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, *single)]
    return frozenset(found[1:] if found[:1] == ['self'] else found)


@lru_cache(maxsize=4)
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))


def _inner(node: ast.AST, name: str, path: Path) -> ast.AST:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for child in ast.iter_child_nodes(node):
        if isinstance(child, kinds) and child.name == name:
            return child
    raise LookupError(f'{path}: defines no {name}.')
