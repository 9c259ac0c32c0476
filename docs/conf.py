"""The documentation site: `make docs` builds it; any warning is an error."""

import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import cmvl_mm

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / '_ext'))

project = 'cmvl_mm'
author = 'the cmvl_mm authors'
copyright = f'2026, {author}'
version = release = cmvl_mm.__version__

extensions = [
    'myst_nb',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx_click',
    'command_help',
    'docstrings',
    'included_pages',
]
exclude_patterns = ['_build', '_ext']
html_theme = 'furo'
html_title = f'cmvl_mm {release}'
html_static_path = ['_static']
html_css_files = ['site.css']

myst_enable_extensions = ['colon_fence', 'deflist', 'fieldlist']
myst_heading_anchors = 3
nb_merge_streams = True
nb_execution_mode = 'off'  # `make docs` has run the notebooks, by nbmake

autodoc_member_order = 'bysource'
autodoc_preserve_defaults = True
autodoc_typehints = 'description'
autodoc_typehints_format = 'short'
default_role = 'code'
nitpicky = True
# of other projects: the site builds without a network, so it has no inventories of theirs
nitpick_ignore_regex = [('py:.*', r'(collections|fractions|mmaction|mmengine|numpy|os|pathlib|torch)\..*')]
nitpick_ignore = [('py:class', 'Module'), ('py:exc', '…')]


def show_the_run(app: Sphinx, name: str, source: list[str]) -> None:
    """Show a notebook as it was run, in place of the one in the repository, which has no outputs."""
    run = HERE.parent / 'build' / f'{name}.ipynb'
    if run.exists():
        source[0] = run.read_text()


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect('source-read', show_the_run)
    return dict(parallel_read_safe=True)
