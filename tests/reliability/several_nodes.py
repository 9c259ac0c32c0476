"""Training on two machines: one process's losses, a machine that comes back or stays away, files that one lacks."""

import tempfile
from pathlib import Path

from cluster import Cluster
from finding import Finding, Size
from nodes_die import comes_back, first_dies, is_refused, stays_away
from nodes_differ import lacks_a_video, lacks_the_list, other_weights
from nodes_equal import same_losses
from nodes_meet import joins_late, meet_again
from nodes_vanish import goes_on_alone, vanishes
from two_nodes import RANKS, Site


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        site = Site(cluster, Path(folder))
        if size == 'light':
            return [meet_again(site)]
        return [
            meet_again(site),
            joins_late(site),
            same_losses(site, ranks=RANKS, steps=10),
            comes_back(site),
            first_dies(site),
            stays_away(site),
            is_refused(site),
            *(of_copies(site) if cluster.isolated else []),
        ]


def of_copies(site: Site) -> list[Finding]:
    """What takes a machine with files and a network of its own."""
    return [vanishes(site), goes_on_alone(site), lacks_the_list(site), lacks_a_video(site), other_weights(site)]
