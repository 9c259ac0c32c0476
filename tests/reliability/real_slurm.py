"""Slurm itself on two machines of one: its daemons, started for a check and gone after it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from cluster import Cluster
from embedding_runs import command_of
from started import end_all_with, processes_with

PROGRAMS = ('munged', 'slurmctld', 'slurmd', 'srun', 'sbatch', 'scancel', 'scontrol', 'sinfo', 'squeue')
REMEDY = 'Remedy: as root, apt-get install slurmctld slurmd slurm-client munge iproute2.'
CPUS = 2
"""Of a node, whatever this machine has."""
CREDENTIAL = 30
"""Seconds that a job's credential lives; Slurm waits for so long before it starts a requeued task."""
KILL_WAIT = 30
"""Seconds from SIGTERM to SIGKILL; Slurm's default."""
CONF = """ClusterName=two
SlurmctldHost=node-0({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire={credential}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait={kill_wait}
MinJobAge=3600
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
"""What is not Slurm's default follows from machines that share a kernel, and have no file system of cgroups."""
_HOSTS = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'
_PATIENCE = 180.0  # seconds; beside other work the daemons take tens of them


class RealSlurm:
    """A controller and a node on machine 0 of a cluster, a node on machine 1, while it is entered.

    Nodes have the names of the machines, which resolve there by an /etc/hosts of their own. All processes, those of
    jobs among them, run as root and have this cluster's SLURM_CONF in their environment: by that they are ended.

    Attributes:
        version: 'Slurm 22.05.8'.
        variables: of the environment of Slurm's commands, of a job of two tasks a node, and of jobs.
    """

    def __init__(self, cluster: Cluster, own_copy: tuple[Path, Path] | None = None) -> None:
        """Args:
            own_copy: of machine 1, see `Cluster.words`.

        Raises:
            RuntimeError: a program is missing, or the cluster has no namespaces; with the remedy.
        """
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        if missing:
            raise RuntimeError(f'{", ".join(missing)}: not on the PATH. {REMEDY}')
        if not cluster.isolated:
            raise RuntimeError(f'two nodes of Slurm take network namespaces, which this machine refused. {REMEDY}')
        self._cluster, self._own_copy = cluster, own_copy

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix='slurm_'))
        conf = self._folder / 'slurm.conf'
        self._mark = dict(SLURM_CONF=str(conf))
        self.variables = self._mark | dict(GPUS='4', GPUS_PER_NODE='0', CPUS_PER_TASK='1')
        self.variables |= dict(SRUN_ARGS='--ntasks-per-node=2', PYTHON=sys.executable) | self._cluster.network()
        try:
            self._write(conf)
            self._start_daemons()
            self.version = f'Slurm {self.run("sinfo", "--version").split()[-1]}'
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def start(self, words: list[str], log: Path, **variables: str) -> subprocess.Popen:
        """A command on node 0; see `short_run.start`."""
        return self._cluster.start(0, words, log, **self.variables, **variables)

    def bash(self, words: list[str], log: Path) -> subprocess.Popen:
        """A script of bash on node 0."""
        return self.start(['bash', *words], log)

    def run(self, *words: str) -> str:
        """A command of Slurm on node 0, and what it prints.

        Raises:
            RuntimeError: it failed.
        """
        told = subprocess.run(
            self._cluster.words(0, list(words)), env=os.environ | self.variables, capture_output=True, text=True,
            check=False, timeout=_PATIENCE,
        )  # fmt: skip
        if told.returncode:
            raise RuntimeError(f'{" ".join(words)}: exit code {told.returncode}. {told.stderr}')
        return told.stdout.strip()

    def job(self, number: str) -> dict[str, str]:
        """What Slurm says of a job: JobState, ExitCode, Reason, Restarts, …"""
        words = self.run('scontrol', 'show', 'job', number).split()
        return dict(word.split('=', 1) for word in words if '=' in word)

    def jobs(self) -> list[str]:
        """Numbers of those that wait or run."""
        return self.run('squeue', '-h', '-o', '%i').split()

    def settled(self, number: str, seconds: float = _PATIENCE) -> dict[str, str]:
        """`job` when it has ended, and nothing of it waits to be cleaned up.

        Raises:
            RuntimeError: it has not after so many seconds.
        """
        until = time.monotonic() + seconds
        while (found := self.job(number))['JobState'] in ('PENDING', 'RUNNING', 'COMPLETING', 'CONFIGURING'):
            if time.monotonic() > until:
                raise RuntimeError(f'job {number} is {found["JobState"]} ({found["Reason"]}) after {seconds:.0f} s')
            time.sleep(0.2)
        return found

    def tasks(self, command: str, **variables: str) -> list[int]:
        """Processes of jobs whose environment has the variables and whose command line the word."""
        return [pid for pid in processes_with(self._mark | variables) if command in command_of(pid)]

    def _write(self, conf: Path) -> None:
        folder, cluster = self._folder, self._cluster
        key = folder / 'munge.key'
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for name in ('controller', 'node-0', 'node-1'):
            (folder / name).mkdir()
        hosts = ''.join(f'{cluster.address(number)} {cluster.name(number)}\n' for number in (0, 1))
        (folder / 'hosts').write_text(f'127.0.0.1 localhost\n{hosts}')
        (folder / 'cgroup.conf').write_text('CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n')  # there are none in there
        conf.write_text(
            ''.join(f'NodeName=node-{n} NodeAddr={cluster.address(n)} CPUs={CPUS}\n' for n in (0, 1))
            + CONF.format(folder=folder, address=cluster.address(0), kill_wait=KILL_WAIT, credential=CREDENTIAL)
        )

    def _start_daemons(self) -> None:
        folder = self._folder
        files = dict(pid='munged.pid', log='munged.log', seed='munged.seed', key='munge.key')
        munged = ['munged', '--foreground', '--force', f'--socket={folder / "munge.socket"}']
        self._daemon(0, munged + [f'--{what}-file={folder / name}' for what, name in files.items()])
        self._wait('socket of munged', (folder / 'munge.socket').exists)
        self._daemon(0, ['slurmctld', '-D', '-i'])
        self._daemon(0, ['slurmd', '-D', '-N', 'node-0'])
        self._daemon(1, ['slurmd', '-D', '-N', 'node-1'], self._own_copy)
        self._wait('two idle nodes', self._both_idle)

    def _daemon(self, number: int, words: list[str], own_copy: Any = None) -> None:
        log = self._folder / f'{words[0]}-{number}.out'
        named = ['bash', '-c', _HOSTS, 'hosts', str(self._folder / 'hosts'), *words]
        self._cluster.start(number, named, log, own_copy, **self.variables)

    def _both_idle(self) -> bool:
        try:
            return self.run('sinfo', '-h', '-N', '-o', '%t').split() == ['idle', 'idle']
        except RuntimeError:  # the controller does not answer yet
            return False

    def _wait(self, what: str, there: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while not there():
            if time.monotonic() > until:
                said = '\n'.join(f'{path.name}: {path.read_text()[-500:]}' for path in self._folder.glob('*.out'))
                raise RuntimeError(f'no {what} within {_PATIENCE:.0f} s: {said}')
            time.sleep(0.2)

    def _end(self) -> None:
        end_all_with(self._mark)
        shutil.rmtree(self._folder)
