"""tools/slurm_train.sh on two nodes computes what as many processes on one machine do, and what one process does."""

import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

from cluster import script
from finding import Finding
from short_run import CONFIG, VIDEOS, difference
from two_nodes import RANKS, Site, codes

PARTITION = 'all'


def words_of(site: Site, name: str, steps: int, *more: str, extra: dict[str, Any] | None = None) -> list[str]:
    """The words after `bash` that train on the joined batch, as `Site.together` does."""
    chosen = site.options(name, steps) | (extra or {})
    words = [script('slurm_train.sh'), PARTITION, name, str(CONFIG), '--global-batch', str(VIDEOS), *more]
    return [*words, '--cfg-options', *(f'{key}={value}' for key, value in chosen.items())]


def ended_alike(site: Site, name: str, steps: int, ended: list[int]) -> str | None:
    """Where a run's end differs from that of as many processes on one machine; None if it does not."""
    return 'no end' if any(ended) else difference(site.end(name, steps), site.together(steps))


def same_losses(site: Site, steps: int, begin: Callable[[list[str], Path], Popen], by: str) -> Finding:
    """Two nodes, the second with a copy of the videos, against as many processes on one machine, and one process.

    Args:
        begin: starts the words after `bash`, with a log; what they call Slurm is `by`.
    """
    name = 'equal'
    begun = time.monotonic()
    ended = codes([begin(words_of(site, name, steps), site.log(name, 0))])
    seconds = time.monotonic() - begun
    differs = ended_alike(site, name, steps, ended)
    figure, same = site.compare(name, steps) if not any(ended) else (site.said(name, 0)[-500:], False)
    return Finding(
        promise='tools/slurm_train.sh on two nodes gives the bits of as many processes on one machine, and the losses '
        'of one process on the joined batch.',
        tested=f'{by}: 2 nodes x {RANKS} processes, {site.how}; {steps} steps of {VIDEOS} videos, fp32, gloo, CPU; one '
        'node reads the shared folder, the other a copy of its own',
        figure=f'exit code {ended[0]}; as on one machine: {differs or "the same bits"}; beside one process {figure}; '
        f'{seconds:.0f} s',
        held=same and differs is None,
    )
