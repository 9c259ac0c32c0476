"""Training on two machines: one process's losses, a machine that comes back or stays away, files that one lacks."""

import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import torch
from cluster import PORT, Cluster, kill_all, script
from finding import Finding, Size
from short_run import CONFIG, VIDEOS, command, difference, launch, make_videos, options, start, state
from signals import logged, wait_for_iteration

from cmvl_mm.checkpoints.pretrained import read_checkpoint

RANKS = 2  # of a machine
TOLERANCES = {2: 1e-4, 10: 1e-2, 30: 1e-2}
"""Steps -> relative difference of the losses of another number of processes, which round otherwise in fp32.

Chosen after measuring, on one machine: 4 processes and one differ by 3e-7 in the first step, 5e-6 after one update and
6e-4 in 10 steps; one process whose weights begin 1e-5 apart differs by 5e-6 and 8e-4 from itself, by SGD 4 and one by
2e-5 and 6e-3. That the sums are the same ones is shown in fp64 by `OF_ONE_PROCESS`; that machines add nothing, by the
bits of as many processes on one.
"""
KILL_AFTER = 5
OF_ONE_PROCESS = 'tests/models/test_recognizer.py::test_two_processes_equal_one_in_every_gradient_and_statistic'
OF_SLURM = 'tests/tools/test_launchers.py::test_what_slurm_starts_hands_on_as_well'
OF_NODES = 'tests/engine/test_nodes.py'
LIMIT = 60.0
PATIENCE = 900.0  # seconds; beside other work, processes of two machines on two cores take minutes to start


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        site = Site(cluster, Path(folder))
        if size == 'light':
            return [meet_again(site)]
        return [
            meet_again(site),
            joins_late(site),
            same_losses(site, ranks=RANKS, steps=10, slurm=False),
            same_losses(site, ranks=RANKS, steps=10, slurm=True),
            comes_back(site),
            first_dies(site),
            stays_away(site),
            is_refused(site),
            *(of_copies(site) if cluster.isolated else []),
        ]


def of_copies(site: 'Site') -> list[Finding]:
    """What takes a machine with files of its own."""
    return [lacks_the_list(site), lacks_a_video(site), other_weights(site)]


class Site:
    """The cluster, a folder that its machines share, and the videos, of which machine 1 can have a copy of its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.videos = make_videos(folder / 'set')
        self.how = (
            'network namespaces with addresses and host names of their own'
            if cluster.isolated
            else 'two addresses of the loopback device'
        )

    def options(self, name: str, steps: int) -> dict[str, Any]:
        """An epoch has one step, of all videos. Without dropout, whose draws depend on the process."""
        chosen = options(self.videos, self.folder / name, epochs=steps, keep=2, by_epoch=True)
        return chosen | {'model.motion_head.predictor.dropout': 0.0}

    def copy(self) -> tuple[Path, Path]:
        """A copy of the videos, and where machine 1 sees it."""
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / 'copy'
        return shutil.copytree(self.videos, folder), self.videos

    def log(self, name: str, node: int) -> Path:
        return self.folder / f'{name}_{node}.log'

    def launch(
        self, name: str, node: int, steps: int, *, ranks: int = RANKS, nodes: str = '2', own_copy: Any = None,
        batch: tuple[str, ...] = ('--global-batch', str(VIDEOS)), extra: dict[str, Any] | None = None,
        again: bool = False,
    ) -> Popen:  # fmt: skip
        """tools/dist_train.sh on one machine; a second start on it logs to `NAME_again`."""
        words = ['bash', script('dist_train.sh'), str(CONFIG), str(ranks), *batch, '--cfg-options']
        words += [f'{key}={value}' for key, value in (self.options(name, steps) | (extra or {})).items()]
        log = self.log(f'{name}_again' if again else name, node)
        return self.cluster.start(node, words, log, own_copy, **self.cluster.variables(node, nodes))

    def alone(self, steps: int) -> dict[str, Any]:
        """The end of one process on the joined batch."""
        name = f'alone_{steps}'
        end = self.folder / name / f'epoch_{steps}.pth'
        if not end.exists():
            words = command(self.options(name, steps), '--global-batch', str(VIDEOS))
            if start(words, self.folder / f'{name}.log').wait(timeout=300):
                raise RuntimeError((self.folder / f'{name}.log').read_text()[-3000:])
        return state(end)

    def together(self, steps: int) -> dict[str, Any]:
        """The end of as many processes on one machine."""
        name = f'together_{steps}'
        end = self.folder / name / f'epoch_{steps}.pth'
        if not end.exists():
            chosen = self.options(name, steps) | {'train_dataloader.batch_size': VIDEOS // (2 * RANKS)}
            if launch(chosen, 2 * RANKS, self.folder / f'{name}.log').wait(timeout=300):
                raise RuntimeError((self.folder / f'{name}.log').read_text()[-3000:])
        return state(end)

    def undisturbed(self, steps: int) -> dict[str, Any]:
        """The end of both machines, left alone."""
        name = f'undisturbed_{steps}'
        if not (self.folder / name / f'epoch_{steps}.pth').exists():
            ended = codes([self.launch(name, node, steps) for node in (0, 1)])
            if any(ended):
                raise RuntimeError(self.said(name, 0)[-3000:])
        return self.end(name, steps)

    def compare(self, name: str, steps: int) -> tuple[str, bool]:
        """How much the losses differ from those of one process, and whether that is rounding."""
        found, expected = (np.array(run['losses']) for run in (self.end(name, steps), self.alone(steps)))
        if not len(found) == len(expected) == steps:
            return f'{len(found)} losses, not {steps}', False
        worst = {
            last: float(np.abs(found / expected - 1)[:last].max()) for last in TOLERANCES if last <= max(10, steps)
        }
        words = ' and '.join(f'{by:.1g} in the first {min(last, steps)} steps' for last, by in worst.items())
        return f'losses differ by {words}, relative', all(by < TOLERANCES[last] for last, by in worst.items())

    def end(self, name: str, steps: int) -> dict[str, Any]:
        return state(self.folder / name / f'epoch_{steps}.pth')

    def said(self, name: str, node: int) -> str:
        """What a machine has shown and logged."""
        return self.log(name, node).read_text() + logged(self.log(name, node))


def codes(processes: list[Popen], seconds: float = PATIENCE) -> list[int]:
    until = time.monotonic() + seconds
    try:
        return [process.wait(timeout=max(1, until - time.monotonic())) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                kill_all(process)


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
        promise='With NNODES=2 a job waits for a machine that died. Started there again, it goes on from its newest '
        'checkpoint and ends with the losses and weights of an undisturbed one.',
        tested=f'kill -9 to the launcher and all processes of one of 2 machines after step {KILL_AFTER} of {steps}; '
        f'10 s later the same command; 2 x {RANKS} processes, {site.how}',
        figure=f'the other waited: {waits}; exit codes {ended}, {seconds:.0f} s after the second start; '
        f'resumed: {resumed}; ' + ('the same bits' if differs is None else f'differs: {differs}'),
        held=waits and not any(ended) and resumed and differs is None,
    )


def first_dies(site: Site) -> Finding:
    """NNODES=2: all processes of machine 0, where the others have met, die; the same commands with --resume go on."""
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
    """NNODES=1:2: machine 1 dies and stays away; the other goes on with the same global batch."""
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
        promise='With NNODES=1:2 and --global-batch a job goes on without a machine that stays away: each process '
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
        promise='Without --global-batch, a job that would go on with another batch ends and says so, with the remedy.',
        tested=f'the same with NNODES=1:2 and batches of {share} a process',
        figure=f'exit code {ended[0]}; named, with the remedy: {named}',
        held=ended == [1] and named,
        guard='tests/reliability/test_resume.py::test_resume_with_another_batch_or_list_is_refused',
    )


def lacks_the_list(site: Site) -> Finding:
    """Machine 1 has a copy without the list."""
    copy = site.copy()
    (copy[0] / 'train.txt').unlink()
    begun = time.monotonic()
    nodes = [site.launch('no_list', node, 4, own_copy=copy if node else None) for node in (0, 1)]
    ended = codes(nodes)
    seconds = time.monotonic() - begun
    other, said = (site.log('no_list', node).read_text() for node in (0, 1))
    named = (
        re.search(rf'train\.txt: there is no such list.*\n(.*\n)*?.*On node {site.cluster.name(1)}, process', said)
        is not None
    )
    told = 'the job has ended on another node' in other or 'Connection' in other
    return Finding(
        promise='A list or folder that is missing on one machine ends the job on all, with an error that names '
        'file and machine.',
        tested=f'2 machines x {RANKS} processes, {site.how}; the list taken out of the copy of one',
        figure=f'exit codes {ended} after {seconds:.0f} s; file and machine named: {named}; the other '
        f'machine says so: {told}',
        held=all(ended) and named and told and seconds < LIMIT,
        guard=f'{OF_NODES}::test_an_error_names_the_node',
    )


def other_weights(site: Site) -> Finding:
    """Machine 1 has a copy with other weights under the same name."""
    site.alone(2)
    weights = read_checkpoint(site.folder / 'alone_2' / 'epoch_2.pth')['state_dict']
    path = site.videos / 'weights.pth'
    torch.save(dict(state_dict=weights), path)
    copy = site.copy()
    name, first = next(iter(weights.items()))
    torch.save(dict(state_dict=weights | {name: first + 1}), copy[0] / path.name)
    begun, chosen = time.monotonic(), {'load_from': str(path)}
    nodes = [site.launch('other', node, 2, own_copy=copy if node else None, extra=chosen) for node in (0, 1)]
    ended = codes(nodes)
    seconds = time.monotonic() - begun
    told = (
        rf'weights\.pth: is not the same file on all nodes: .* on {site.cluster.name(0)}; .* on {site.cluster.name(1)}'
    )
    named = [re.search(told, site.log('other', node).read_text()) is not None for node in (0, 1)]
    return Finding(
        promise='Weights to begin with (load_from) that are another file on one machine end the job on all, with an '
        'error that names file and machines.',
        tested=f'2 machines x {RANKS} processes, {site.how}; one number changed in the copy of one',
        figure=f'exit codes {ended} after {seconds:.0f} s; file and machines named: {named}',
        held=all(ended) and all(named),
        guard=f'{OF_NODES}::test_weights_that_differ_between_nodes_are_refused',
    )


def lacks_a_video(site: Site) -> Finding:
    """Machine 1 has a copy without one video."""
    copy = site.copy()
    (copy[0] / 'videos' / '3.mp4').unlink()
    epochs, allowed = 6, {'custom_hooks.1.max_broken_share': 0.5}
    nodes = [site.launch('no_video', node, epochs, own_copy=copy if node else None, extra=allowed) for node in (0, 1)]
    ended = codes(nodes)
    said = site.said('no_video', 0)
    found = re.findall(r'skipped \(broken\): (.*)', said)
    named = [line for line in found if '3.mp4' in line and f'(on node {site.cluster.name(1)}, process' in line]
    return Finding(
        promise='A video that is missing on one machine is replaced there, and the report names both.',
        tested=f'{epochs} epochs, 2 machines x {RANKS} processes, {site.how}; one video taken out of the copy of one',
        figure=f'exit codes {ended}; named: {named[:1] or found}',
        held=not any(ended) and len(named) >= 1,
        guard=f'{OF_NODES}::test_a_replaced_video_is_reported_with_the_node_that_lacks_it',
    )
