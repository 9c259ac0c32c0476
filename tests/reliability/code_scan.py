"""Calls by which the toolkit's own code could run a shell, or code from a file."""

import ast
from collections.abc import Iterator

_OF_MODULES = {
    'os': 'system popen execl execlp execv execvp spawnl spawnv',
    'subprocess': 'getoutput getstatusoutput',
    'pickle': 'load loads Unpickler',
    'marshal': 'load loads',
    'yaml': 'load full_load unsafe_load',
    'mmengine': 'load fileio.load runner.load_checkpoint',
    'torch': 'jit.load hub.load',
}
FORBIDDEN = {f'{module}.{name}' for module, names in _OF_MODULES.items() for name in names.split()}
FORBIDDEN |= {
    'eval',
    'exec',
    'pty.spawn',
    'dill.load',
    'joblib.load',
    'shelve.open',
    'runpy.run_path',
    'load_checkpoint',
}
"""By full name, as the imports of a file resolve it."""

STARTS_PROCESSES = {f'subprocess.{name}' for name in ('run', 'Popen', 'call', 'check_call', 'check_output')}


def dangerous_calls(source: str) -> Iterator[tuple[int, str]]:
    """(line, what) of each call that a review would have to stop at; also of a function that is only handed on."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and (full := _full_name(node, names)) in FORBIDDEN:
            yield node.lineno, full
        if isinstance(node, ast.Call):
            full = _full_name(node.func, names)
            options = {word.arg: word.value for word in node.keywords}
            if full == 'torch.load' and not _is(options.get('weights_only'), True):
                yield node.lineno, 'torch.load without weights_only=True'
            if not _is(options.get('allow_pickle', ast.Constant(False)), False):
                yield node.lineno, 'allow_pickle'
            if not _is(options.get('shell', ast.Constant(False)), False):
                yield node.lineno, 'shell='
            if full in STARTS_PROCESSES and _is_text(node.args[0] if node.args else options.get('args')):
                yield node.lineno, f'{full} of one string'


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name in this file -> full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:  # `import a.b` binds a, `import a.b as c` binds c to a.b
                first = alias.name.split('.')[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.asname or alias.name, f'{node.module}.{alias.name}') for alias in node.names)


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """'subprocess.run' of an expression like it; '' of others."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ''
    return '.'.join([names.get(node.id, node.id), *reversed(parts)])


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
