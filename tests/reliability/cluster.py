"""Two machines on one: network, host name and mounts of their own, and programs that stand in for Slurm's.

It needs root and namespaces of Linux. Where they are not to be had, the machines are addresses of one loopback device
with one host name.
"""

import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from short_run import REPOSITORY, start
from signals import children

PORT = '29517'
_STARTED = 'hostname "$1"; [ -z "$2" ] || mount --bind "$2" "$3"; shift 3; exec "$@"'


class Cluster:
    """Machines 0 and 1, while it is entered.

    Attributes:
        isolated: they have namespaces of their own; else they share the network and the name of this machine.
    """

    def __init__(self) -> None:
        self._spaces = [f'cmvl{os.getpid()}_{number}' for number in range(2)]
        self.isolated = False

    def __enter__(self) -> Self:
        links = [f'cm{os.getpid() % 10**6}_{number}' for number in range(2)]
        words = [f'ip netns add {space}' for space in self._spaces]
        words += [f'ip link add {links[0]} type veth peer name {links[1]}']
        for number, (space, link) in enumerate(zip(self._spaces, links, strict=True)):
            inside = f'ip -n {space}'
            words += [f'ip link set {link} netns {space}', f'{inside} addr add {_address(number)}/24 dev {link}']
            words += [
                f'{inside} link set {link} name cluster0',
                f'{inside} link set cluster0 up',
                f'{inside} link set lo up',
            ]
        self.isolated = all(_succeeds(line.split()) for line in (*words, 'unshare --uts --mount true'))
        if not self.isolated:
            self._remove()
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _remove(self) -> None:
        for space in self._spaces:
            _succeeds(['ip', 'netns', 'del', space])

    def address(self, number: int) -> str:
        return _address(number) if self.isolated else f'127.0.0.{number + 2}'

    def name(self, number: int) -> str:
        """The host name."""
        return f'node-{number}' if self.isolated else os.uname().nodename

    def cut_off(self, number: int) -> None:
        """Take the link of machine `number` down: no connection is closed, nothing arrives any more."""
        self._set_link(number, 'down')

    def connect(self, number: int) -> None:
        """Undo `cut_off`."""
        self._set_link(number, 'up')

    def _set_link(self, number: int, state: str) -> None:
        words = ['ip', '-n', self._spaces[number], 'link', 'set', 'cluster0', state]
        subprocess.run(words, capture_output=True, check=True)

    def words(self, number: int, words: list[str], own_copy: tuple[Path, Path] | None = None) -> list[str]:
        """A command as machine `number` runs it.

        Args:
            number: 0 or 1.
            words: the command.
            own_copy: (folder, place): on this machine, the folder is seen at the place.
        """
        if not self.isolated:
            return words
        mounted = ['', ''] if own_copy is None else list(map(str, own_copy))
        inside = ['unshare', '--uts', '--mount', 'bash', '-c', _STARTED, 'node', self.name(number), *mounted]
        return ['ip', 'netns', 'exec', self._spaces[number], *inside, *words]

    def variables(self, number: int, nodes: str = '2') -> dict[str, str]:
        """What tools/dist_train.sh of machine `number` reads from the environment."""
        shared = dict(NNODES=nodes, NODE_RANK=str(number), MASTER_ADDR=self.address(0), PORT=PORT)
        return shared | dict(PYTHON=sys.executable) | self.network()

    def network(self) -> dict[str, str]:
        """Gloo looks its machine's name up, which no DNS knows here."""
        return dict(GLOO_SOCKET_IFNAME='cluster0') if self.isolated else {}

    def start(
        self, number: int, words: list[str], log: Path, own_copy: Any = None, **variables: str
    ) -> subprocess.Popen:
        """Start a command on machine `number`; see `short_run.start`."""
        program, *rest = self.words(number, words, own_copy)
        return start(rest, log, program, **variables)

    def slurm(self, folder: Path, own_copy: Any = None) -> dict[str, str]:
        """A PATH with `srun`, which starts two tasks on each machine, and `scontrol`, which names the first one.

        Args:
            folder: gets the two programs.
            own_copy: of machine 1, see `words`.
        """
        path = f'{folder}:{os.environ["PATH"]}'
        launcher = dict(PATH=path, SLURM_NTASKS='4', SLURM_NNODES='2', SLURM_JOB_ID='1')
        lines = ['#!/usr/bin/env bash', '# the arguments of srun end where those of bash begin']
        lines += ['while [ "$1" != bash ]; do shift; done', 'trap "kill 0" TERM']
        for task in range(4):
            own = dict(SLURM_PROCID=str(task), SLURM_LOCALID=str(task % 2), SLURM_JOB_NODELIST='nodes')
            given = ' '.join(f'{name}={shlex.quote(value)}' for name, value in {**launcher, **own}.items())
            command = shlex.join(self.words(task // 2, ['env'], own_copy if task // 2 else None))
            lines.append(f'{command} {given} "$@" & tasks+=($!)')
        lines += ['code=0', 'for task in "${tasks[@]}"; do wait "$task" || code=$?; done', 'exit $code']
        for name, text in (('srun', '\n'.join(lines)), ('scontrol', f'#!/bin/sh\necho {self.address(0)}')):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(f'{text}\n')
            (folder / name).chmod(0o755)
        return launcher | dict(GPUS='4', GPUS_PER_NODE='0', PYTHON=sys.executable) | self.network()


def kill_all(process: subprocess.Popen) -> None:
    """As a machine that loses its power: the launcher and all below it are gone."""
    doomed = [process.pid]
    for pid in doomed:
        with suppress(FileNotFoundError):
            doomed += children(pid)
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(timeout=30)


def script(name: str) -> str:
    return str(REPOSITORY / 'tools' / name)


def _address(number: int) -> str:
    return f'10.213.77.{number + 1}'


def _succeeds(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
