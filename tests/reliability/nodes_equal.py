"""Two machines compute what as many processes on one do, and what one process does."""

import time

from cluster import script
from finding import Finding
from short_run import CONFIG, VIDEOS, difference, start
from two_nodes import Site, codes

OF_ONE_PROCESS = 'tests/models/test_recognizer.py::test_two_processes_equal_one_in_every_gradient_and_statistic'
OF_SLURM = 'tests/tools/test_launchers.py::test_what_slurm_starts_hands_on_as_well'


def same_losses(site: Site, *, ranks: int, steps: int, slurm: bool) -> Finding:
    """Two machines, the second with a copy of the videos, against one process."""
    name, copy = ('slurm' if slurm else 'both'), site.copy()
    begun = time.monotonic()
    if slurm:
        words = [script('slurm_train.sh'), 'partition', 'job', str(CONFIG), '--global-batch', str(VIDEOS)]
        words += ['--cfg-options', *(f'{key}={value}' for key, value in site.options(name, steps).items())]
        variables = site.cluster.slurm(site.folder / 'bin', copy)
        started = [start(words, site.log(name, 0), 'bash', **variables)]
    else:
        started = [site.launch(name, node, steps, ranks=ranks, own_copy=copy if node else None) for node in (0, 1)]
    ended = codes(started)
    seconds = time.monotonic() - begun
    figure, same = site.compare(name, steps) if not any(ended) else (site.said(name, 0)[-500:], False)
    bits = difference(site.end(name, steps), site.together(steps)) if not any(ended) else 'no end'
    tool = 'tools/slurm_train.sh, with stand-ins for srun and scontrol,' if slurm else 'tools/dist_train.sh'
    return Finding(
        promise=f'{tool.split(",")[0]} on two machines gives the bits of as many processes on one machine, and '
        'the losses of one process on the joined batch.',
        tested=f'{tool} on 2 machines x {ranks} processes, {site.how}; {steps} steps of {VIDEOS} videos, fp32, gloo, '
        'CPU; one machine reads the shared folder, the other a copy of its own',
        figure=f'exit codes {ended}; as on one machine: {bits or "the same bits"}; beside one process {figure}; '
        f'{seconds:.0f} s',
        held=same and bits is None,
        guard=OF_SLURM if slurm else OF_ONE_PROCESS,
    )
