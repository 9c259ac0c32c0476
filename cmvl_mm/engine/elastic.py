"""torchrun that restarts processes only where that may help; tools/dist_train.sh and dist_test.sh run it.

torchrun restarts a job whatever ended it, even if a process was asked to stop or has a wrong config. Here the exit code
decides:

| how a process ended | restart |
|---|---|
| killed by a signal other than SIGTERM and SIGINT: out of memory, a crash | yes |
| with `RESTART_MAY_HELP`: an error after its first iteration, or because another process ended | yes |
| with any other code: an error before the first iteration, 143 and 130 after a request to stop | no |

    python -m cmvl_mm.engine.elastic --nproc_per_node=2 --max-restarts=3 tools/train.py CONFIG --launcher pytorch

On several machines all processes also restart when a machine leaves or joins: with `--nnodes=2` when both are present,
with `--nnodes=1:2` on those that are present. They meet at the machine of node_rank 0; without it the job ends.
"""

import os
import socket
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import torch.distributed as dist
from torch.distributed import run as torchrun
from torch.distributed.elastic.agent.server.api import RunResult, WorkerGroup, WorkerState
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous.api import RendezvousClosedError, RendezvousError
from torch.distributed.launcher import api

from cmvl_mm.compat import RESTARTS

from .nodes import on_several_nodes, own_address, where_from
from .signals import SIGNALS, end_rank

RESTART_MAY_HELP = 75
"""Exit code of a process; EX_TEMPFAIL of sysexits.h."""
_LOOKS = 2.0  # seconds between two checks whether another machine has ended the job
_GOODBYE = 3.0  # seconds that the machine where all meet stays up after its end, so that the others learn of the end
STOPPED = tuple(-number for number in SIGNALS)
"""torchrun's exit codes of a process that one of these signals ended before the process listened for signals."""


class Attempt:
    """A training that the launcher may restart: an error ends the process with the exit code that says so.

    A Slurm task also ends at once, with code 1, and srun then ends the other tasks.

    Args:
        launcher: the value of `--launcher`.

    Attributes:
        runner: the runner, set by the caller; its `has_trained` tells whether an iteration has finished.
    """

    def __init__(self, launcher: str = 'none') -> None:
        self.launcher = launcher
        self.runner: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Exception) and on_several_nodes():
            error.add_note(where_from(error))
        restarts = dist.is_torchelastic_launched()
        if isinstance(error, Exception) and (restarts or self.launcher == 'slurm'):
            sys.excepthook(type(error), error, trace)
            may_help = restarts and self.may_be_repeated(error)
            end_rank(RESTART_MAY_HELP if may_help else 1)  # before others end because this one is missing

    def may_be_repeated(self, error: Exception) -> bool:
        """Whether a restart may help: not if the error would recur at once or says that the run is over."""
        if getattr(error, 'ends_job', False):
            return False
        of_a_peer = isinstance(error, dist.DistError) or 'gloo' in str(error).lower()
        return of_a_peer or getattr(self.runner, 'has_trained', False)


class Agent(LocalElasticAgent):
    """torchrun's agent of one machine; where a restart cannot help, it allows no further restart.

    torchrun tells processes how often the processes of this machine have failed. But processes of a machine that joins
    a running job must also resume, and processes that restart because a machine joined have not failed: see `RESTARTS`.
    """

    _looked = 0.0

    def _restart_workers(self, worker_group: WorkerGroup) -> None:
        os.environ[RESTARTS] = str(int(os.environ.get(RESTARTS) or 0) + 1)  # the processes inherit it
        super()._restart_workers(worker_group)

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        result = super()._monitor_workers(worker_group)
        if result.state == WorkerState.HEALTHY and time.monotonic() - self._looked > _LOOKS:
            self._looked = time.monotonic()
            if worker_group.spec.rdzv_handler.is_closed():  # processes here may wait for those of that node
                raise RendezvousClosedError('another node has ended the job')
        if result.is_failed() and result.failures and not restart_may_help(*exit_codes(result.failures)):
            self._remaining_restarts = 0
        return result


def exit_codes(failures: Mapping[int, ProcessFailure]) -> list[int]:
    """torchrun's exit codes, negative for a signal: first the process that ended first, then the processes that
    torchrun ended with SIGTERM and others that ended at the same moment."""
    return [failure.exitcode for failure in failures.values()]


def restart_may_help(first: int, *others: int) -> bool:
    """Whether a restart may help processes that ended with these codes.

    When one process has an error, the others end with `RESTART_MAY_HELP`; torchrun may see one of these first.

    Args:
        first, others: see `exit_codes`.
    """
    of_an_error = [code for code in others if code > 0 and code != RESTART_MAY_HELP and -code + 128 not in STOPPED]
    return not of_an_error and (first == RESTART_MAY_HELP or (first < 0 and first not in STOPPED))


def main(argv: Sequence[str] | None = None) -> int:
    """Run torchrun with its arguments; without `--master_port`, a single machine takes a free port.

    Returns:
        0, or the exit code of the process that failed first; for a signal 128 plus its number, as in a shell.
    """
    args = torchrun.parse_args(argv)
    if problem := fault_of(args):
        print(f'{problem}', file=sys.stderr)
        return 2
    api.LocalElasticAgent = Agent  # type: ignore[misc]  # torchrun looks the class up by this name
    is_host = args.nnodes != '1' and args.node_rank == 0
    try:
        if args.nnodes != '1':
            meet(args)
        elif args.master_port is None:
            args.master_port = free_port()
        torchrun.run(args)
    except ChildFailedError as error:
        print(error, file=sys.stderr)
        code = exit_codes(error.failures)[0]
        return 128 - code if code < 0 else code
    except SignalException as error:
        return 128 + error.sigval
    except RendezvousClosedError:
        remedy = 'Remedy: read the error on that node.'
        print(f'{socket.gethostname()}: the job has ended on another node. {remedy}', file=sys.stderr)
        return 1
    except (dist.DistNetworkError, RendezvousError, OSError) as error:
        cause = error.__cause__ or error
        said = str(cause) or type(cause).__name__  # the error about missing machines has no text
        print(
            f'{socket.gethostname()}: {args.master_addr}:{args.master_port}: {said}. Remedy: '
            'set another PORT if this one is in use. With several machines, set MASTER_ADDR and PORT of the first one, '
            'start all within JOIN_TIMEOUT seconds, and read the first one’s error if it has ended.',
            file=sys.stderr,
        )
        return 1
    finally:
        if is_host:
            time.sleep(_GOODBYE)
    return 0


def meet(args: Namespace) -> None:
    """Let the agents of several machines meet at node_rank 0, where torchrun counts the machines.

    Each start of the processes gets its own key-value store: with the agents' store, which torchrun shares by default,
    a machine keeps asking the machine that held the store in the previous round (torch 2.13).
    """
    args.master_port = args.master_port or 29500
    args.rdzv_backend, args.rdzv_endpoint = 'c10d', f'{args.master_addr}:{args.master_port}'
    conf = dict(pair.split('=') for pair in args.rdzv_conf.split(',') if pair)
    conf |= dict(is_host=str(int(args.node_rank == 0)), read_timeout=conf.get('join_timeout', '600'))
    args.rdzv_conf = ','.join(f'{key}={value}' for key, value in conf.items())
    args.node_rank = 0  # torchrun ignores it here, with a warning
    args.local_addr = args.local_addr or own_address(args.master_addr, args.master_port)
    os.environ['TORCH_DISABLE_SHARE_RDZV_TCP_STORE'] = '1'


def fault_of(args: Namespace) -> str | None:
    """What is wrong with the numbers that the scripts pass on; None if nothing is wrong."""
    if not args.nproc_per_node.isdecimal() or int(args.nproc_per_node) < 1:
        return f'PROCESSES={args.nproc_per_node!r} must be a whole number of at least 1.'
    least, _, most = args.nnodes.partition(':')
    most = most or least
    if not (least.isdecimal() and most.isdecimal() and 1 <= int(least) <= int(most)):
        return f'NNODES={args.nnodes!r} must be a whole number of at least 1, or two of them, such as 1:2.'
    if not 0 <= args.node_rank < int(most):
        return f'NODE_RANK={args.node_rank} must be 0 to {int(most) - 1}: NNODES is {args.nnodes}.'
    if args.master_port is not None and not 0 < args.master_port < 2**16:
        return f'PORT={args.master_port} must be 1 to 65535.'
    if args.max_restarts < 0:
        return f'MAX_RESTARTS={args.max_restarts} must be at least 0.'
    return None


def free_port() -> int:
    """A port on which no process listens now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


if __name__ == '__main__':
    sys.exit(main())
