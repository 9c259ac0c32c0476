"""The launchers of two machines alone: one joins late, one dies and comes back."""

import sys
import time
from subprocess import Popen

from cluster import PORT, kill_all
from finding import Finding
from two_nodes import Site, codes

PROCESS = """
import os, pathlib, sys, time
folder, variables = pathlib.Path(sys.argv[1]), [os.environ[name] for name in ('RANK', 'WORLD_SIZE')]
(folder / '_'.join([*variables, os.environ.get('CMVL_MM_RESTARTS', '0')])).touch()
while not (folder / 'done').exists():
    if (folder / 'lost').exists():
        (folder / 'lost').unlink()
        sys.exit(75)
    time.sleep(0.02)
"""
"""A process that imports nothing: it says who it is, and ends when another is lost, as a rank does, or all is done."""


class Meeting:
    """Launchers of one such process on each machine, which say who they are in a folder."""

    def __init__(self, site: Site, name: str, nodes: str) -> None:
        self.site, self.name, self.nodes = site, name, nodes
        self.folder = site.folder / name
        self.folder.mkdir()
        (self.folder / 'process.py').write_text(PROCESS)

    def launch(self, node: int) -> Popen:
        words = [sys.executable, '-m', 'cmvl_mm.engine.elastic', f'--nnodes={self.nodes}', f'--node_rank={node}']
        words += [f'--master_addr={self.site.cluster.address(0)}', f'--master_port={PORT}', '--nproc_per_node=1']
        words += ['--max-restarts=1', '--rdzv-conf=join_timeout=120,keep_alive_interval=1,last_call_timeout=1']
        words += [str(self.folder / 'process.py'), str(self.folder)]
        return self.site.cluster.start(node, words, self.site.log(self.name, node))

    def wait_for(self, count: int) -> list[str]:
        """'rank_number_restarts' of the processes that there were, once there are so many."""
        until = time.monotonic() + 120
        while len(seen := sorted(path.name for path in self.folder.glob('?_?_?'))) < count and time.monotonic() < until:
            time.sleep(0.05)
        return seen


def joins_late(site: Site) -> Finding:
    """NNODES=1:2, the launcher alone: machine 1 is started while machine 0 works by itself."""
    meeting = Meeting(site, 'late', '1:2')
    nodes = [meeting.launch(0)]
    try:
        alone = meeting.wait_for(1)
        nodes.append(meeting.launch(1))
        seen = meeting.wait_for(3)
        (meeting.folder / 'done').touch()
    finally:
        ended = codes(nodes, 60)
    return Finding(
        promise='With NNODES=1:2 a machine that is started later is taken into the job, whose processes start again.',
        tested=f'the launchers of 2 machines, {site.how}; one by itself, then the other',
        figure=f'exit codes {ended}; processes seen, by rank, number and restarts: {", ".join(seen)}',
        held=ended == [0, 0] and alone == ['0_1_0'] and sum('_2_' in name for name in seen) == 2,
    )


def meet_again(site: Site) -> Finding:
    """The launcher alone: machine 1 dies and comes back, and then both know that the job has begun before."""
    meeting = Meeting(site, 'meeting', '2')
    nodes = [meeting.launch(0), meeting.launch(1)]
    try:
        meeting.wait_for(2)
        kill_all(nodes[1])
        (meeting.folder / 'lost').touch()
        nodes[1] = meeting.launch(1)
        seen = meeting.wait_for(3)
        (meeting.folder / 'done').touch()
    finally:
        ended = codes(nodes, 30)
    return Finding(
        promise='A machine that died is taken into its job again by the command that started it there.',
        tested=f'the launchers of 2 machines, {site.how}; kill -9 to one and to its process, and the same command',
        figure=f'exit codes {ended}; processes seen, by rank, number and restarts: {", ".join(seen)}',
        held=ended == [0, 0] and len(seen) == 3 and sum(name.endswith('_2_1') for name in seen) == 1,
    )
