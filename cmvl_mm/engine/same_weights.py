"""Check that all machines of a run read the same checkpoint; otherwise each would silently train its own weights."""

import socket
from pathlib import Path

from mmengine.dist import all_gather_object

from cmvl_mm.checkpoints.resolve import CheckpointError
from cmvl_mm.files.digest import sha256_of

from .nodes import on_several_nodes


def require_same_on_all_nodes(path: str | Path) -> None:
    """Compare the file with that of the other machines; all processes of the run must call this.

    DDP sends the weights of process 0 to the others only when it wraps a model, and a checkpoint is loaded later.

    Args:
        path: path of the checkpoint on this machine.

    Raises:
        CheckpointError: a machine has another file under this name.
    """
    if not on_several_nodes():
        return
    found: dict[str, set[str]] = {}
    for digest, node in all_gather_object((sha256_of(path), socket.gethostname())):
        found.setdefault(digest, set()).add(node)
    if len(found) > 1:
        told = '; '.join(f'SHA-256 {digest[:12]}… on {", ".join(sorted(nodes))}' for digest, nodes in found.items())
        raise CheckpointError(f'{path}: the file differs between nodes: {told}. Remedy: copy one file to every node.')
