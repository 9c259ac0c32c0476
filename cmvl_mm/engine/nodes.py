"""The machines of a run: their addresses, and the machine that an error comes from."""

import os
import socket


def on_several_nodes() -> bool:
    """Whether torchrun or Slurm has also started processes on other machines."""
    return any(int(os.environ.get(name) or 1) > 1 for name in ('GROUP_WORLD_SIZE', 'SLURM_NNODES'))


def node_in_words() -> str:
    """'node compute-7, process 3 of 8'."""
    rank = os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0'))
    size = os.environ.get('WORLD_SIZE', os.environ.get('SLURM_NTASKS', '1'))
    return f'node {socket.gethostname()}, process {rank} of {size}'


def where_from(error: Exception) -> str:
    """'On node compute-7, process 3 of 8.', with an explanation of a reduction that timed out: gloo names no peer."""
    words = f'On {node_in_words()}.'
    if 'Timed out waiting' not in str(error):
        return words
    return (
        f'{words} A process on another node did not answer in this time: its node has no power or no network, or '
        'hangs. Remedy: find out which nodes can be reached from here, and restart the job on them; processes wait '
        'for each other for env_cfg.dist_cfg.timeout seconds.'
    )


def own_address(other: str, port: int) -> str:
    """The address under which another machine reaches this one. Nothing is sent.

    In its own /etc/hosts a machine's name may mean 127.0.1.1, which no other machine can reach.

    Args:
        other: name or address of the other machine.
        port: port of the other machine.

    Raises:
        OSError: the name is unknown, or no network leads there.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(other, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return probe.getsockname()[0]
