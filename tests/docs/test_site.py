"""What the site's sources promise besides their examples. `make docs` builds it."""

import json
import re
import sys
from pathlib import Path

import pytest

import cmvl_mm

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / 'docs' / 'notebooks').glob('*.ipynb'))


@pytest.fixture
def extensions(monkeypatch):
    """The site's own extensions; they import without Sphinx, which `make docs` installs."""
    monkeypatch.syspath_prepend(ROOT / 'docs' / '_ext')
    import command_help
    import docstrings
    import included_pages

    yield docstrings, included_pages, command_help
    for name in ('docstrings', 'included_pages', 'command_help'):
        del sys.modules[name]


def test_every_public_name_has_its_place_in_the_api_reference():
    pages = ''.join(path.read_text() for path in (ROOT / 'docs' / 'api').glob('*.md'))
    documented = {line.rpartition('.')[2] for line in re.findall(r'^\.\. auto\w+:: (\S+)', pages, re.MULTILINE)}
    assert set(cmvl_mm.__all__) - documented == {'hub'}
    assert '.. autofunction:: cmvl_mm.hub.load' in pages


def test_notebooks_are_kept_without_outputs():
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        code = [cell for cell in json.loads(path.read_text())['cells'] if cell['cell_type'] == 'code']
        assert [cell for cell in code if cell['outputs'] or cell['execution_count'] is not None] == [], path


def test_tables_and_code_of_docstrings_become_rest(extensions):
    found = extensions[0].as_rest(['Of `Index`es.', '', '  | a | b |', '  |---|---|', '  | `x` | |', 'End.'])
    assert found == [
        'Of ``Index``\\ es.',
        '',
        *('', '  .. list-table::', '     :header-rows: 1', ''),
        *('     * - a', '       - b', '     * - ``x``', '       -', ''),
        'End.',
    ]


def test_links_of_included_files_lead_to_pages_or_become_text(extensions):
    site = ROOT / 'docs'
    text = 'See [B](docs/backbones.md#x), [c](configs/a.py), ![p](evidence/p.png), [w](https://a.b/c.md).'
    assert extensions[1].relinked(text, ROOT, site) == (
        'See [B](backbones.md#x), `c`, ![p](../evidence/p.png), [w](https://a.b/c.md).'
    )


def test_examples_of_commands_are_shown_as_they_are_typed(extensions):
    found = extensions[2].as_typed(['A command.', '', '| Example:', '|   cmvl embed "**/*.mkv"', '', 'See *.mp4.'])
    assert found == [
        'A command.',
        '',
        '',
        '.. code-block:: text',
        '',
        '   Example:',
        '     cmvl embed "**/*.mkv"',
        '',
        '',
        r'See \*.mp4.',
    ]
