"""Location of configs, tools and the index of models: in the checkout, or inside the installed package.

By OpenMMLab's convention, a wheel holds them below `cmvl_mm/.mim/`.
"""

from difflib import get_close_matches
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


class NotShippedError(FileNotFoundError):
    """A name that is neither a file nor shipped with the package."""


def shipped_root() -> Path:
    """The folder that holds `configs/`, `tools/` and `model-index.yml`."""
    installed = PACKAGE / '.mim'  # first: next to an installed package, `configs` may belong to another project
    return installed if installed.is_dir() else PACKAGE.parent


def config_names() -> list[str]:
    """Sorted names of all shipped configs without fragments, such as 'demo/retrieval'."""
    root = shipped_root() / 'configs'
    found = (path.relative_to(root).with_suffix('').as_posix() for path in root.rglob('*.py'))
    return sorted(name for name in found if not name.startswith('_base_/'))


def config_path(name: str | Path) -> Path:
    """The file of a config: the named file if it exists, else the shipped config of that name.

    Args:
        name: 'my/config.py', 'demo/retrieval', 'demo/retrieval.py' or 'configs/demo/retrieval.py'.

    Raises:
        NotShippedError: neither exists; the message lists similar names.
    """
    given = Path(name)
    if given.is_file():
        return given
    short = given.with_suffix('') if given.suffix == '.py' else given
    parts = short.parts[1:] if short.parts[:1] == ('configs',) else short.parts
    shipped = shipped_root().joinpath('configs', *parts).with_suffix('.py')
    names = config_names()
    if '/'.join(parts) in names:
        return shipped
    near = get_close_matches('/'.join(parts), names, n=3) or names[:3]
    raise NotShippedError(
        f'{name}: there is no such config file, and no shipped config of this name. '
        f'Remedy: give a name such as {", ".join(near)}; `cmvl config list` prints all.'
    )


def base(name: str) -> str:
    """The shipped config of that name, for the `_base_` of a config outside the package.

    Raises:
        NotShippedError: there is none.
    """
    return str(config_path(name).resolve())
