"""A machine of two vanishes in the middle of a training: its link goes down, and no connection is closed."""

import time
from subprocess import Popen

from cluster import kill_all
from finding import Finding
from short_run import VIDEOS, difference
from signals import wait_for_iteration
from two_nodes import KILL_AFTER, OF_NODES, PATIENCE, RANKS, Site, codes

TIMEOUT = 40  # seconds that processes wait for each other
LATER = 20.0  # seconds after it at which all have said so
WAIT = 120  # seconds that launchers wait for each other; beside other work a start takes tens of them
GUARD = f'{OF_NODES}::test_an_error_names_the_node'


def vanishes(site: Site) -> Finding:
    """NNODES=2: the processes end on both sides, then the job; the same commands with --resume complete it."""
    name, steps = 'vanished', 16
    nodes = begin(site, name, steps, '2')
    try:
        seconds, cut = until_noticed(site, name)
        left = codes(nodes[:1], TIMEOUT + WAIT + 120)
        ended = time.monotonic() - cut
        stays = nodes[1].poll() is None
    finally:
        end(site, nodes)
    batch = ('--global-batch', str(VIDEOS), '--resume')
    again = codes([site.launch(name, node, steps, batch=batch, again=True) for node in (0, 1)])
    differs = 'no end' if any(again) else difference(site.end(name, steps), site.undisturbed(steps))
    resumed = 'The run resumes after iteration' in site.said(f'{name}_again', 0)
    return Finding(
        promise='When a machine vanishes without closing its connections, the processes on both sides end when they '
        'have waited for env_cfg.dist_cfg.timeout, with an error that names the machine that waited. With NNODES=2 '
        'the job ends JOIN_TIMEOUT later; the same commands with --resume end it with the bits of an undisturbed one.',
        tested=f'the link of machine 1 set down after step {KILL_AFTER} of {steps}; a timeout of {TIMEOUT} s, '
        f'JOIN_TIMEOUT={WAIT}; 2 x {RANKS} processes, {site.how}, gloo, CPU',
        figure=f'error on machines 0 and 1 after {in_words(seconds)} s; exit code {left[0]} of the launcher of machine '
        f'0 {ended:.0f} s after the cut; that of machine 1 still there: {stays}; then {again}; resumed: {resumed}; '
        + ('the same bits' if differs is None else f'differs: {differs}'),
        held=all(TIMEOUT - 5 < found < TIMEOUT + LATER for found in seconds)
        and left == [1]
        and ended < TIMEOUT + WAIT + LATER
        and not any(again)
        and resumed
        and differs is None,
        guard=GUARD,
    )


def goes_on_alone(site: Site) -> Finding:
    """NNODES=1:2: the other machine continues with the same global batch."""
    name, steps = 'alone_then', 30
    nodes = begin(site, name, steps, '1:2')
    try:
        seconds, cut = until_noticed(site, name)
        ended = codes(nodes[:1])
        after = time.monotonic() - cut
    finally:
        end(site, nodes)
    differs, same = site.compare(name, steps) if not any(ended) else (site.said(name, 0)[-500:], False)
    return Finding(
        promise='With NNODES=1:2 and --global-batch a job continues without a machine that vanishes.',
        tested=f'the link of machine 1 set down after step {KILL_AFTER} of {steps}; a timeout of {TIMEOUT} s; '
        f'2 x {RANKS} processes, {site.how}; losses against one process on the joined batch',
        figure=f'error on machines 0 and 1 after {in_words(seconds)} s; exit code {ended[0]} of machine 0 '
        f'{after:.0f} s after the cut; {differs}',
        held=same and all(TIMEOUT - 5 < found < TIMEOUT + LATER for found in seconds),
        guard=GUARD,
    )


def begin(site: Site, name: str, steps: int, count: str) -> list[Popen]:
    """Both machines in the middle of a training, the second without a link."""
    extra = {'env_cfg.dist_cfg.timeout': TIMEOUT}
    nodes = [site.launch(name, node, steps, nodes=count, extra=extra, wait=WAIT) for node in (0, 1)]
    wait_for_iteration(nodes[0], site.log(name, 0), KILL_AFTER, PATIENCE)
    site.cluster.cut_off(1)
    return nodes


def until_noticed(site: Site, name: str) -> tuple[list[float], float]:
    """Seconds from now until machines 0 and 1 name themselves in the error (infinite: not in time), and now."""
    cut, seconds = time.monotonic(), [float('inf')] * 2
    while max(seconds) == float('inf') and time.monotonic() - cut < TIMEOUT + 3 * LATER:
        for node in (0, 1):
            said = site.log(name, node).read_text()
            if f'On node {site.cluster.name(node)}, process' in said and 'did not answer in this time' in said:
                seconds[node] = min(seconds[node], time.monotonic() - cut)
        time.sleep(0.5)
    return seconds, cut


def end(site: Site, nodes: list[Popen]) -> None:
    """End what is left: the launcher of the machine without a link waits for many minutes more."""
    for node in nodes:
        if node.poll() is None:
            kill_all(node)
    site.cluster.connect(1)


def in_words(seconds: list[float]) -> str:
    return ' and '.join(f'{found:.0f}' for found in seconds)
