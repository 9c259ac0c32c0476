"""Whether all machines of a run read one checkpoint: otherwise each trains its own weights, and nothing says so."""

import socket
from pathlib import Path

from mmengine.dist import all_gather_object

from cmvl_mm.checkpoints.resolve import CheckpointError
from cmvl_mm.files.digest import sha256_of

from .nodes import on_several_nodes


def require_same_on_all_nodes(path: str | Path) -> None:
    """Compare the file with that of the other machines; all processes of the run call it.

    DDP hands the weights of process 0 to the others when a model is wrapped, and a checkpoint is loaded later.

    Args:
        path: of the checkpoint, as this machine sees it.

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
        raise CheckpointError(f'{path}: is not the same file on all nodes: {told}. Remedy: one file, copied to each.')
