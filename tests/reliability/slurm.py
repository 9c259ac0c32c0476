"""What Slurm starts: training on two nodes, equal, killed, cancelled and requeued, and the shares of an array.

The heavy checks take Slurm itself, see `real_slurm.py`; the light one takes stand-ins for its programs.
"""

import tempfile
from functools import partial
from pathlib import Path

from cluster import Cluster
from finding import Finding, Size
from real_slurm import RealSlurm
from short_run import start
from slurm_array import killed_and_requeued
from slurm_ends import is_cancelled, is_requeued, loses_a_task
from slurm_training import same_losses
from two_nodes import Site

STEPS = {'light': 2, 'heavy': 16}


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        site = Site(cluster, Path(folder))
        if size == 'light':
            begin = partial(start, program='bash', **cluster.slurm(site.folder / 'bin', site.copy()))
            return [same_losses(site, STEPS[size], begin, 'stand-ins for srun and scontrol')]
        with RealSlurm(cluster, site.copy()) as slurm:
            return [
                same_losses(site, STEPS[size], slurm.bash, slurm.version),
                loses_a_task(site, STEPS[size], slurm),
                is_cancelled(site, STEPS[size], slurm),
                is_requeued(site, STEPS[size], slurm),
                killed_and_requeued(site, slurm),
            ]
