"""Who imports whom, read from the source: every arrow runs down, and no files import each other in a circle.

Imports inside functions and under TYPE_CHECKING count like any other.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LAYERS = (
    'files', 'compat', 'bitstream', 'video', 'zoo', 'checkpoints', 'datasets', 'prepare', 'controlled', 'models',
    'rivals', 'compressed_recognition', 'register_models', 'evaluation', 'engine', 'visualization', 'register',
    'publishing', 'hub', 'inference', 'export', 'embedding', 'clip_search', 'workflows', 'web', 'cli', '__main__',
    '',  # cmvl_mm/__init__.py, which hands the public names on
)  # fmt: skip
"""The parts of cmvl_mm, the ground first: each imports itself and those before it."""


def module_of(path: Path, root: Path) -> str:
    """root/video/index.py -> 'video.index'; a package's __init__.py is the package, and the root's is ''."""
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def read_arrows(root: Path) -> set[tuple[str, str]]:
    """(importer, imported) of all modules of the package at `root`, named without the package."""
    paths = sorted(root.rglob('*.py'))
    modules = {module_of(path, root) for path in paths}
    found = set()
    for path in paths:
        importer = module_of(path, root)
        package = importer if path.name == '__init__.py' else importer.rpartition('.')[0]
        for base, name in _imports(ast.parse(path.read_text()), root.name, package):
            inner = f'{base}.{name}'.strip('.')
            imported = inner if inner in modules else base
            assert imported in modules, f'{path} imports {root.name}.{inner}, which does not exist'
            if imported != importer:
                found.add((importer, imported))
    return found


def _imports(tree: ast.Module, root: str, package: str) -> Iterator[tuple[str, str]]:
    """(module, name) of every import of the package's own, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top, _, rest = alias.name.partition('.')
                if top == root:
                    yield rest, ''
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                parents = package.split('.') if package else []
                base = '.'.join([*parents[: len(parents) - node.level + 1], *filter(None, [node.module])])
            elif (node.module or '').partition('.')[0] == root:
                base = node.module.partition('.')[2]
            else:
                continue
            for alias in node.names:
                yield base, alias.name


def part_of(module: str) -> str:
    return module.partition('.')[0]


@pytest.fixture(scope='module')
def arrows(repository):
    return read_arrows(repository / 'cmvl_mm')


def test_every_part_has_its_layer_and_imports_run_down(repository, arrows):
    root = repository / 'cmvl_mm'
    assert {part_of(module_of(path, root)) for path in root.rglob('*.py')} == set(LAYERS)
    up = {
        (importer, imported)
        for importer, imported in arrows
        if LAYERS.index(part_of(imported)) > LAYERS.index(part_of(importer))
    }
    assert sorted(up) == []


def test_no_files_import_each_other_in_a_circle(arrows):
    imports = defaultdict(set)
    for importer, imported in arrows:
        imports[importer].add(imported)
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(' -> '.join(error.args[1]))


def test_imports_of_every_form_are_read(tmp_path):
    sources = {
        '__init__.py': '',
        'low/__init__.py': 'from .one import a',
        'low/one.py': 'import os\nfrom . import two\nfrom .two import b\nfrom ..high import three',
        'low/two.py': 'def late():\n    import pack.high.three\n    from pack.low import one',
        'high/__init__.py': 'from pack import name',
        'high/three.py': 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.low import a',
    }
    root = tmp_path / 'pack'
    for name, source in sources.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    assert read_arrows(root) == {
        ('low', 'low.one'),
        ('low.one', 'low.two'),
        ('low.one', 'high.three'),
        ('low.two', 'high.three'),
        ('low.two', 'low.one'),
        ('high', ''),
        ('high.three', 'low'),
    }
