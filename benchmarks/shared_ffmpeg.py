"""PyAV's FFmpeg libraries under the names that torchcodec expects: torchcodec needs them and does not include them."""

import re
from pathlib import Path

import av

# Names in a wheel have a checksum: libavcodec-5e6b81c2.so.62.28.102 is libavcodec.so.62.
_BUNDLED = re.compile(r'(lib(?:av|sw)[a-z]+)-[0-9a-f]+(\.so\.\d+)')


def search_path(folder: Path) -> str:
    """Make links to the libraries in `folder`; returns the LD_LIBRARY_PATH for new processes.

    It is empty if PyAV is not a Linux wheel.
    """
    bundled = Path(av.__file__).parents[1] / 'av.libs'
    found = {library: _BUNDLED.match(library.name) for library in sorted(bundled.glob('*.so*'))}
    names = {library: match[1] + match[2] for library, match in found.items() if match}
    for library, name in names.items():
        (folder / name).symlink_to(library)
    return f'{folder}:{bundled}' if names else ''
