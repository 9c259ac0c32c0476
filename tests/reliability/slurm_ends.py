"""A training by Slurm ends before its time: a task is killed, the job is cancelled, or requeued. Then it resumes."""

import re
import shlex
import time
from pathlib import Path
from subprocess import Popen

from embedding_runs import kill
from finding import Finding
from real_slurm import CREDENTIAL, KILL_WAIT, RealSlurm
from signals import wait_for_iteration
from slurm_training import ended_alike, words_of
from two_nodes import KILL_AFTER, PATIENCE, RANKS, Site, codes

from cmvl_mm.checkpoints.pretrained import resolve_checkpoint

OF_SCRIPTS = 'tests/tools/test_launchers.py::test_a_task_that_dies_ends_the_job_of_slurm'
OF_SIGNALS = 'tests/reliability/test_promises.py::test_they_hold[signals]'
SELDOM = {'default_hooks.checkpoint.interval': 1000}
"""No checkpoint but the one of the stop, and that of the end."""


def loses_a_task(site: Site, steps: int, slurm: RealSlurm) -> Finding:
    """SIGKILL a task of the second node, as the system does when memory runs out; the same command with --resume."""
    name = 'killed'
    process = slurm.bash(words_of(site, name, steps), site.log(name, 0))
    wait_for_iteration(process, site.log(name, 0), KILL_AFTER, PATIENCE)
    (last,) = slurm.tasks('train.py', SLURM_PROCID=str(2 * RANKS - 1))
    job, begun = slurm.jobs()[0], time.monotonic()
    kill(last)
    ended = codes([process])
    seconds, left = time.monotonic() - begun, slurm.tasks('train.py', SLURM_JOB_ID=job)
    state = slurm.settled(job)['JobState']
    again, resumed, differs = goes_on(site, name, steps, slurm)
    return Finding(
        promise='A task of tools/slurm_train.sh that the system kills ends the job on all nodes; the same command with '
        '--resume ends it with the bits of an undisturbed one.',
        tested=f'{slurm.version}: kill -9 to a task of the second node after step {KILL_AFTER} of {steps}; then the '
        f'same command with --resume; 2 nodes x {RANKS} processes, {site.how}',
        figure=f'exit code {ended[0]}, {seconds:.0f} s after the kill, {len(left)} tasks left; job {state}; then '
        f'{again[0]}; resumed: {resumed}; ' + (differs or 'the same bits'),
        held=any(ended) and not left and state == 'FAILED' and resumed and differs is None,
        guard=OF_SCRIPTS,
    )


def is_cancelled(site: Site, steps: int, slurm: RealSlurm) -> Finding:
    """scancel, which sends SIGTERM and, after KillWait, SIGKILL; the same command with --resume."""
    name = 'cancelled'
    process = slurm.bash(words_of(site, name, steps, extra=SELDOM), site.log(name, 0))
    wait_for_iteration(process, site.log(name, 0), KILL_AFTER, PATIENCE)
    (job,), begun = slurm.jobs(), time.monotonic()
    slurm.run('scancel', job)
    ended = codes([process])
    seconds = time.monotonic() - begun
    state = slurm.settled(job)['JobState']
    stopped, saved = stopped_after(site.log(name, 0)), newest(site.folder / name)
    again, resumed, differs = goes_on(site, name, steps, slurm)
    return Finding(
        promise='A job of tools/slurm_train.sh that is cancelled, which Slurm does by SIGTERM, saves a checkpoint of '
        'its last step and ends; the same command with --resume ends it with the bits of an undisturbed one.',
        tested=f'{slurm.version}: a run that saves nothing before its end, scancel after step {KILL_AFTER} of {steps}; '
        f'KillWait={KILL_WAIT}; then the same command with --resume; 2 nodes x {RANKS} processes, {site.how}',
        figure=f'exit code {ended[0]} {seconds:.0f} s after scancel; job {state}; stopped after step '
        f'{"/".join(stopped)}, {saved}; then {again[0]}; resumed: {resumed}; ' + (differs or 'the same bits'),
        held=[saved] == [f'iter_{step}.pth' for step in stopped]
        and seconds < KILL_WAIT
        and state == 'CANCELLED'
        and resumed
        and differs is None,
        guard=OF_SIGNALS,
    )


def is_requeued(site: Site, steps: int, slurm: RealSlurm) -> Finding:
    """A batch script with --resume, requeued as by a preemption: Slurm starts it again by itself."""
    name = 'requeued'
    shown, batch = site.log(name, 0), site.folder / f'{name}.sh'
    words = shlex.join(['bash', *words_of(site, name, steps, '--resume', extra=SELDOM)])
    batch.write_text(f'#!/bin/bash\n#SBATCH --requeue --nodes=2 --ntasks-per-node={RANKS}\n{words}\n')
    shown.touch()
    process = submit(slurm, batch, shown)
    wait_for_iteration(process, shown, KILL_AFTER, PATIENCE)
    (job,) = slurm.jobs()
    begun = time.monotonic()
    slurm.run('scontrol', 'requeue', job)
    while slurm.tasks('train.py', SLURM_JOB_ID=job):
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    ended = codes([process])
    found = slurm.settled(job)
    stopped, said = stopped_after(shown), site.said(name, 0)
    differs = ended_alike(site, name, steps, ended)
    resumed = [f'The run resumes after iteration {step}' in said for step in stopped]
    return Finding(
        promise='A batch job that calls tools/slurm_train.sh with --resume and is requeued, as by a preemption, saves '
        'a checkpoint of its last step, and resumes when Slurm starts it again, to the bits of an undisturbed one.',
        tested=f'{slurm.version}: sbatch --requeue of a run that saves nothing before its end, scontrol requeue after '
        f'step {KILL_AFTER} of {steps}; KillWait={KILL_WAIT}, started again after {CREDENTIAL} s; 2 nodes x {RANKS} '
        f'processes, {site.how}',
        figure=f'stopped after step {"/".join(stopped)}, all tasks gone after {seconds:.0f} s; started again '
        f'{found["Restarts"]} times, resumed there: {resumed == [True]}; job {found["JobState"]}, exit code '
        f'{ended[0]}; ' + (differs or 'the same bits'),
        held=seconds < KILL_WAIT
        and (found['JobState'], found['Restarts']) == ('COMPLETED', '1')
        and resumed == [True]
        and differs is None,
        guard=OF_SIGNALS,
    )


def goes_on(site: Site, name: str, steps: int, slurm: RealSlurm) -> tuple[list[int], bool, str | None]:
    """The same command with --resume: exit codes, whether it resumed, and where its end differs."""
    log = site.log(f'{name}_again', 0)
    ended = codes([slurm.bash(words_of(site, name, steps, '--resume'), log)])
    resumed = 'The run resumes after iteration' in site.said(f'{name}_again', 0)
    return ended, resumed, ended_alike(site, name, steps, ended)


def submit(slurm: RealSlurm, batch: Path, shown: Path) -> Popen:
    """sbatch, which waits for the job; a job that starts again shows its lines after those before."""
    words = ['sbatch', '--wait', f'--output={shown}', '--open-mode=append', str(batch)]
    return slurm.start(words, batch.with_suffix('.submitted'))


def stopped_after(screen: Path) -> list[str]:
    """The iterations after which a run says that it stopped by SIGTERM."""
    return sorted(set(re.findall(r'Stopped by signal 15 after iteration (\d+); the checkpoint is', screen.read_text())))


def newest(work_dir: Path) -> str:
    found = list(work_dir.glob('*.pth'))
    return resolve_checkpoint(work_dir).name if found else 'no checkpoint'
