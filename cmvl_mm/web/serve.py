"""Serve the page until Ctrl-C."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.web.app import Settings, create_app
from cmvl_mm.web.collection import Collection
from cmvl_mm.web.errors import WebError
from cmvl_mm.web.guard import allowed_hosts
from cmvl_mm.web.query_network import QueryNetwork
from cmvl_mm.web.similar import Nearest


def serve(
    features: str | Path,
    *,
    host: str = '127.0.0.1',
    port: int = 8765,
    index: str | None = None,
    work_dir: str | Path | None = None,
    allow_hosts: Sequence[str] = (),
    ready: Callable[[str], None] = print,
) -> None:
    """Show the clips of a features file in the browser, until the process is interrupted.

    Args:
        features: a file of `embed` or a folder of `embed_folder`; its videos must be at the paths that it names.
        host: address of this machine to listen on; any other address than 127.0.0.1 lets other machines in, and there
            is no login.
        port: port to listen on; 0 takes a free port.
        index: 'ivf' or 'lance', built by `build_index` next to the parts: vectors stay on disk, and the index may miss
            some of the nearest. None compares every row, in memory.
        work_dir: work directory whose training curves are shown.
        allow_hosts: further host names that browsers may use for the page.
        ready: function that gets the page's address once it is open.

    Raises:
        FileNotFoundError: the features file does not exist.
        EmbeddingsError: the file holds no embeddings.
        SearchError: the index is missing, damaged, or belongs to other parts.
        WebError: there is nothing to show, the work directory does not exist, or the port is not available.
    """
    features = Path(features)
    nearest: Nearest | None = None
    if index is None:
        collection = Collection(read_embeddings(features))
    else:
        from cmvl_mm.web.indexed import IndexedNearest  # loads torch

        nearest = IndexedNearest(features, index)
        collection = nearest.collection
    if not len(collection):
        raise WebError(f'{features}: the features file has no rows. Remedy: embed videos that can be read.')
    if work_dir is not None and not Path(work_dir).is_dir():
        raise WebError(
            f'{work_dir}: this work directory does not exist. Remedy: give the folder that training writes to.'
        )
    settings = Settings(
        title=features.name,
        collection=collection,
        embed_video=QueryNetwork(collection.found.meta),
        hosts=allowed_hosts(host, allow_hosts),
        nearest=nearest,
        work_dir=None if work_dir is None else Path(work_dir),
    )
    with _listening(host, port) as listener:
        shown = f'[{host}]' if ':' in host else host
        ready(f'http://{shown}:{listener.getsockname()[1]}/')
        config = uvicorn.Config(create_app(settings), log_level='warning', server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """Open the listening socket before all other work: uvicorn would only log that the port is taken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise WebError(f'cannot listen on {host}:{port}: {error}. Remedy: choose another --port or --host.') from error
