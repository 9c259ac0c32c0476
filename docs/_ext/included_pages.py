"""Links of the repository's own files (CHANGELOG.md, model_zoo.md, …) where a page includes them."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LINK = re.compile(r'(!?)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)')


def relinked(text: str, folder: Path, site: Path) -> str:
    """Text with its links as the site has them.

    Links to pages of the site and pictures go where they went; links to other files become their text, since the site
    does not hold them.

    Args:
        text: of a file.
        folder: of the file.
        site: the folder of the site's sources.
    """

    def replace(found: re.Match[str]) -> str:
        picture, shown, link, anchor = found.groups()
        target = (folder / link).resolve()
        if picture or (target.is_relative_to(site) and target.suffix == '.md'):
            return f'{picture}[{shown}]({os.path.relpath(target, site)}{anchor or ""})'
        return shown if '`' in shown else f'`{shown}`'

    return _LINK.sub(replace, text)


def setup(app: 'Sphinx') -> dict[str, bool]:
    """Called by Sphinx."""
    site = Path(app.srcdir)

    def relink(app: 'Sphinx', path: Path, page: str, text: list[str]) -> None:
        file = (site / path).resolve()
        if not file.is_relative_to(site):
            text[0] = relinked(text[0], file.parent, site)

    app.connect('include-read', relink)
    return dict(parallel_read_safe=True)
