"""Files in a folder shared by several machines."""

import os
import platform
import time
from pathlib import Path

from cmvl_mm.prepare.ray_cluster import ClusterError

_SECONDS = 90.0  # NFS refreshes its cache after a minute at the latest


def wait_until_seen(path: Path) -> None:
    """Wait until this machine sees a file of another one; a network file system may have cached its absence.

    Raises:
        ClusterError: the file does not appear.
    """
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        os.listdir(path.parent)  # refreshes the cache
        if time.monotonic() > deadline:
            raise ClusterError(
                f'{path}: was written by a worker, but {platform.node()} does not see it. Remedy: use a folder '
                'that all machines share under the same path.'
            )
        time.sleep(0.1)
