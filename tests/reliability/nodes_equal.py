"""Two machines compute what as many processes on one do, and what one process does."""

import time

from finding import Finding
from short_run import VIDEOS, difference
from two_nodes import Site, codes

OF_ONE_PROCESS = 'tests/models/test_recognizer.py::test_two_processes_equal_one_in_every_gradient_and_statistic'


def same_losses(site: Site, *, ranks: int, steps: int) -> Finding:
    """Two machines, the second with a copy of the videos, against one process; those of Slurm: slurm_training.py."""
    name, copy = 'both', site.copy()
    begun = time.monotonic()
    started = [site.launch(name, node, steps, ranks=ranks, own_copy=copy if node else None) for node in (0, 1)]
    ended = codes(started)
    seconds = time.monotonic() - begun
    figure, same = site.compare(name, steps) if not any(ended) else (site.said(name, 0)[-500:], False)
    bits = difference(site.end(name, steps), site.together(steps)) if not any(ended) else 'no end'
    return Finding(
        promise='tools/dist_train.sh on two machines gives the bits of as many processes on one machine, and '
        'the losses of one process on the joined batch.',
        tested=f'tools/dist_train.sh on 2 machines x {ranks} processes, {site.how}; {steps} steps of {VIDEOS} videos, '
        'fp32, gloo, CPU; one machine reads the shared folder, the other a copy of its own',
        figure=f'exit codes {ended}; as on one machine: {bits or "the same bits"}; beside one process {figure}; '
        f'{seconds:.0f} s',
        held=same and bits is None,
        guard=OF_ONE_PROCESS,
    )
