"""Files of a folder that several machines share."""

import os
import platform
import time
from pathlib import Path

from cmvl_mm.prepare.ray_cluster import ClusterError

_SECONDS = 90.0  # NFS looks again after a minute, where nothing makes it look before


def wait_until_seen(path: Path) -> None:
    """Until this machine sees what another one wrote: a network file system may remember that there was nothing.

    Raises:
        ClusterError: that does not happen.
    """
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        os.listdir(path.parent)  # makes it look
        if time.monotonic() > deadline:
            raise ClusterError(
                f'{path}: was written by a worker, and {platform.node()} does not see it. Remedy: a folder that all '
                'machines share, under one path.'
            )
        time.sleep(0.1)
