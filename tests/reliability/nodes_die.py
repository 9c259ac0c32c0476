"""A machine of two dies in the middle of a training: it comes back, or stays away, or was the first."""

import re
import time

from cluster import kill_all
from finding import Finding
from short_run import VIDEOS, difference
from signals import wait_for_iteration
from two_nodes import KILL_AFTER, OF_NODES, PATIENCE, RANKS, Site, codes


def comes_back(site: Site) -> Finding:
    """NNODES=2: all processes of machine 1 die; the job waits, and the same command completes it."""
    name, steps = 'back', 16
    nodes = [site.launch(name, node, steps) for node in (0, 1)]
    wait_for_iteration(nodes[0], site.log(name, 0), KILL_AFTER, PATIENCE)
    kill_all(nodes[1])
    time.sleep(10)
    waits = nodes[0].poll() is None
    begun = time.monotonic()
    nodes[1] = site.launch(name, 1, steps, again=True)
    ended = codes(nodes)
    seconds = time.monotonic() - begun
    differs = 'no end' if any(ended) else difference(site.end(name, steps), site.undisturbed(steps))
    resumed = 'The run resumes after iteration' in site.said(name, 0)
    return Finding(
        promise='With NNODES=2 a job waits for a machine that died. Started there again, it resumes from its newest '
        'checkpoint and ends with the losses and weights of an undisturbed one.',
        tested=f'kill -9 to the launcher and all processes of one of 2 machines after step {KILL_AFTER} of {steps}; '
        f'10 s later the same command; 2 x {RANKS} processes, {site.how}',
        figure=f'the other waited: {waits}; exit codes {ended}, {seconds:.0f} s after the second start; '
        f'resumed: {resumed}; ' + ('the same bits' if differs is None else f'differs: {differs}'),
        held=waits and not any(ended) and resumed and differs is None,
    )


def first_dies(site: Site) -> Finding:
    """NNODES=2: all processes of machine 0, where the others have met, die; the same commands with --resume resume."""
    name, steps = 'first', 16
    nodes = [site.launch(name, node, steps) for node in (0, 1)]
    wait_for_iteration(nodes[0], site.log(name, 0), KILL_AFTER, PATIENCE)
    kill_all(nodes[0])
    begun = time.monotonic()
    left = codes(nodes[1:])
    seconds = time.monotonic() - begun
    batch = ('--global-batch', str(VIDEOS), '--resume')
    ended = codes([site.launch(name, node, steps, batch=batch, again=True) for node in (0, 1)])
    differs = 'no end' if any(ended) else difference(site.end(name, steps), site.undisturbed(steps))
    resumed = 'The run resumes after iteration' in site.said(f'{name}_again', 0)
    return Finding(
        promise='When the first machine (NODE_RANK=0) dies, the job ends on the others, too. The same commands with '
        '--resume end it with the losses and weights of an undisturbed one.',
        tested=f'kill -9 to the launcher and all processes of machine 0 after step {KILL_AFTER} of {steps}; then the '
        f'same commands with --resume; 2 x {RANKS} processes, {site.how}',
        figure=f'exit code {left[0]} of the other, {seconds:.0f} s after the kill; then {ended}; resumed: {resumed}; '
        + ('the same bits' if differs is None else f'differs: {differs}'),
        held=any(left) and not any(ended) and resumed and differs is None,
        guard='tests/reliability/test_promises.py::test_they_hold[dying_peers]',
    )


def stays_away(site: Site) -> Finding:
    """NNODES=1:2: machine 1 dies and stays away; the other continues with the same global batch."""
    name, steps = 'away', 30
    nodes = [site.launch(name, node, steps, nodes='1:2') for node in (0, 1)]
    wait_for_iteration(nodes[0], site.log(name, 0), KILL_AFTER, PATIENCE)
    kill_all(nodes[1])
    begun = time.monotonic()
    ended = codes(nodes[:1])
    seconds = time.monotonic() - begun
    differs, same = site.compare(name, steps) if not any(ended) else (site.said(name, 0)[-500:], False)
    said = site.said(name, 0)
    rates = re.findall(r'auto_scale_lr: a step takes .*', said)
    return Finding(
        promise='With NNODES=1:2 and --global-batch a job continues without a machine that stays away: each process '
        'takes more videos, a step takes the same ones, and the learning rate stays.',
        tested=f'kill -9 to all of one of 2 machines after step {KILL_AFTER} of {steps}; 2 x {RANKS} processes, '
        f'{site.how}; losses against one process on the joined batch',
        figure=f'exit code {ended[0]} {seconds:.0f} s after the kill; {differs}; '
        + ' Then: '.join(dict.fromkeys(rates)),
        held=same and len({rate.split(', so ')[-1] for rate in rates}) == 1,
        guard=f'{OF_NODES}::test_a_global_batch_keeps_step_and_rate_on_any_number_of_nodes',
    )


def is_refused(site: Site) -> Finding:
    """NNODES=1:2 without --global-batch: another number of processes would be another batch."""
    name, steps, share = 'refused', 30, VIDEOS // (2 * RANKS)
    without = dict(batch=(), extra={'train_dataloader.batch_size': share})
    nodes = [site.launch(name, node, steps, nodes='1:2', **without) for node in (0, 1)]
    wait_for_iteration(nodes[0], site.log(name, 0), KILL_AFTER, PATIENCE)
    kill_all(nodes[1])
    ended = codes(nodes[:1])
    said = site.said(name, 0)
    named = 'ResumeError' in said and '--global-batch N' in said
    return Finding(
        promise='Without --global-batch, a job whose batch would become another one ends and says so, with the remedy.',
        tested=f'the same with NNODES=1:2 and batches of {share} a process',
        figure=f'exit code {ended[0]}; named, with the remedy: {named}',
        held=ended == [1] and named,
        guard='tests/reliability/test_resume.py::test_resume_with_another_batch_or_list_is_refused',
    )
