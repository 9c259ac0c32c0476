"""torchrun that starts processes again only where that may help: what tools/dist_train.sh and dist_test.sh run.

torchrun restarts a job whatever ended it: a process that was asked to stop, and one whose config is wrong, too. Here an
exit code decides:

| a process ended | restart |
|---|---|
| killed by a signal but SIGTERM and SIGINT: out of memory, a crash | yes |
| with `RESTART_MAY_HELP`: an error after its first iteration, or because another process had gone | yes |
| with any other code: an error before the first iteration, 143 and 130 after a request to stop | no |

    python -m cmvl_mm.engine.elastic --nproc_per_node=2 --max-restarts=3 tools/train.py CONFIG --launcher pytorch
"""

import socket
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import torch.distributed as dist
from torch.distributed import run as torchrun
from torch.distributed.elastic.agent.server.api import RunResult, WorkerGroup
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher import api

from .signals import SIGNALS, end_rank

RESTART_MAY_HELP = 75
"""Exit code of a process; EX_TEMPFAIL of sysexits.h."""
STOPPED = tuple(-number for number in SIGNALS)
"""How torchrun gives a process that one of these ended, before it listened to them."""


class Attempt:
    """A training that the launcher may start again: its errors end the process with the code that says so.

    Attributes:
        runner: to be set; its `has_trained` tells whether there was an iteration.
    """

    def __init__(self) -> None:
        self.runner: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Exception) and dist.is_torchelastic_launched() and self.may_be_repeated(error):
            sys.excepthook(type(error), error, trace)
            end_rank(RESTART_MAY_HELP)

    def may_be_repeated(self, error: Exception) -> bool:
        """Not what would come again at once, nor an error that says that the run is over."""
        if getattr(error, 'ends_job', False):
            return False
        of_a_peer = isinstance(error, dist.DistError) or 'gloo' in str(error).lower()
        return of_a_peer or getattr(self.runner, 'has_trained', False)


class Agent(LocalElasticAgent):
    """torchrun's agent of one machine; a job that a restart cannot help has none left."""

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        result = super()._monitor_workers(worker_group)
        if result.is_failed() and result.failures and not restart_may_help(first_exit_code(result.failures)):
            self._remaining_restarts = 0
        return result


def first_exit_code(failures: Mapping[int, ProcessFailure]) -> int:
    """Of the process that ended first; torchrun ends the others with SIGTERM and lists them behind it."""
    return next(iter(failures.values())).exitcode


def restart_may_help(code: int) -> bool:
    """Whether a process that ended so may do better next time; `code` as torchrun gives it, negative for a signal."""
    return code == RESTART_MAY_HELP or (code < 0 and code not in STOPPED)


def main(argv: Sequence[str] | None = None) -> int:
    """Run torchrun with its arguments; without `--master_port`, one machine takes a free port.

    Returns:
        0; else the exit code of the process that failed first, as a shell gives it: 128 and the number of a signal.
    """
    args = torchrun.parse_args(argv)
    if problem := fault_of(args):
        print(f'{problem}', file=sys.stderr)
        return 2
    if args.master_port is None and args.nnodes == '1':
        args.master_port = free_port()
    api.LocalElasticAgent = Agent  # type: ignore[misc]  # what torchrun builds by this name
    try:
        torchrun.run(args)
    except ChildFailedError as error:
        print(error, file=sys.stderr)
        code = first_exit_code(error.failures)
        return 128 - code if code < 0 else code
    except SignalException as error:
        return 128 + error.sigval
    except dist.DistNetworkError as error:
        print(
            f'{args.master_addr}:{args.master_port}: {error}. Remedy: another PORT if this one is in use; '
            'MASTER_ADDR and PORT of the first machine if there are several.',
            file=sys.stderr,
        )
        return 1
    return 0


def fault_of(args: Namespace) -> str | None:
    """What is wrong with the numbers that the scripts hand on; None if nothing is."""
    if not args.nproc_per_node.isdecimal() or int(args.nproc_per_node) < 1:
        return f'PROCESSES={args.nproc_per_node!r} must be a whole number of at least 1.'
    if not args.nnodes.isdecimal() or int(args.nnodes) < 1:
        return f'NNODES={args.nnodes!r} must be a whole number of at least 1.'
    if not 0 <= args.node_rank < int(args.nnodes):
        return f'NODE_RANK={args.node_rank} must be 0 to {int(args.nnodes) - 1}: NNODES is {args.nnodes}.'
    if args.master_port is not None and not 0 < args.master_port < 2**16:
        return f'PORT={args.master_port} must be 1 to 65535.'
    if args.max_restarts < 0:
        return f'MAX_RESTARTS={args.max_restarts} must be at least 0.'
    return None


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


if __name__ == '__main__':
    sys.exit(main())
