"""Connect to a Ray cluster, or start one on this machine for the time of a run."""

import logging
import os
import platform
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Event, current_thread, main_thread
from types import ModuleType
from typing import Any

_STORE_BYTES = 80 * 2**20  # Ray's minimum: videos and rows go through files, not through its store
_PROBE_SECONDS = 10.0
_own = Event()  # whether this process has started a cluster
_TOKEN = token_hex(16)  # Ray reads a token once per process; without one it writes a file to the home folder


class ClusterError(RuntimeError):
    """There is no cluster, or a machine of it cannot do this work; the message has address or machine, and remedy."""


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[None]:
    """Connect this process to a cluster within the block.

    A program that is already connected, by `ray.init`, stays connected. A cluster that this call starts ends with the
    block, also after an error, and its files are removed. It has no dashboard and sends no usage reports. Since
    Ray listens on all addresses of a machine, it takes no work without a token of this process. Other clusters are not
    changed. `print`, `breakpoint`, SIGTERM, Ray's log level and its variables are restored afterwards.

    Args:
        address: HOST:PORT of a cluster that this machine belongs to, or 'auto' for the one that RAY_ADDRESS names or
            that runs here. None starts one.
        workers: CPUs of a started cluster.

    Raises:
        ClusterError: there is no cluster at this address, or it refuses this process.
        ModuleNotFoundError: Ray is not installed.
    """
    before = _variables()
    ray = _ray()
    level = logging.getLogger('ray').level
    if ray.is_initialized():
        if address is not None:
            raise ClusterError(
                f'address={address}: this program is already connected to a Ray cluster. Remedy: omit the '
                'address, or call ray.shutdown() before.'
            )
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    os.environ.setdefault('RAY_TQDM_PATCH_PRINT', '0')  # otherwise the first dead worker replaces `print` permanently
    try:
        if address is None:
            with _local(workers), _ended_in_order(handler):
                yield
        else:
            _join(address)
            with _ended_in_order(handler):
                yield
    finally:
        ray.shutdown()
        if current_thread() is main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray's own handler remains if Ray cannot start
        logging.getLogger('ray').setLevel(level)
        for name in _variables():
            del os.environ[name]
        os.environ |= before


@contextmanager
def _ended_in_order(handler: Any) -> Iterator[None]:
    """Let SIGTERM raise SystemExit, unless the program handles it: Ray's own handler aborts the process."""
    if current_thread() is not main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, handler if callable(handler) else _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def _exit(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _variables() -> dict[str, str]:
    """Environment variables that Ray sets or owns: it sets PYTHONBREAKPOINT to its debugger, which needs a cluster."""
    return {name: value for name, value in os.environ.items() if name.startswith('RAY_') or name == 'PYTHONBREAKPOINT'}


def _ray() -> ModuleType:
    """Import Ray without its messages about dead workers on standard output; it reads the setting once, at import."""
    if 'ray' not in sys.modules:
        os.environ.setdefault('RAY_DEDUP_LOGS_SKIP_REGEX', '.')
    return import_module('ray')


@contextmanager
def _local(workers: int) -> Iterator[None]:
    import ray

    os.environ |= dict(RAY_USAGE_STATS_ENABLED='0', RAY_AUTH_TOKEN=_TOKEN)
    os.environ.pop('RAY_AUTH_MODE', None)  # Ray's default for such a cluster: the token is required
    with TemporaryDirectory(prefix='cmvl_ray_', ignore_cleanup_errors=True) as folder:
        try:
            ray.init(
                'local',
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=folder,
            )
            _own.set()
            yield
        except Exception as error:  # Ray raises plain Exception if a machine is too busy
            if ray.is_initialized():  # the error is from the block
                raise
            raise ClusterError(
                f'Ray cannot start on {platform.node()}, with its files below {folder}: {error}. Remedy: follow '
                'this error; to use another folder, set TMPDIR to a short path.'
            ) from error
        finally:
            ray.shutdown()


def _join(address: str) -> None:
    import ray

    if _own.is_set():
        raise ClusterError(
            f'{address}: this program has started its own Ray cluster, and Ray keeps its token. Remedy: start a '
            'new process.'
        )
    remedy = (
        f'Remedy: run `ray start --head` there, `ray start --address={address}` on the other machines, and this '
        'command on one of them; or omit --address.'
    )
    named = os.environ.get('RAY_ADDRESS', address) if address == 'auto' else address
    if named != 'auto':
        _require_listener(named, remedy)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ClusterError(f'{address}: {platform.node()} cannot join the Ray cluster: {error}. {remedy}') from error


def _require_listener(address: str, remedy: str) -> None:
    """Check that a cluster answers; Ray itself would try for minutes, and then end the process."""
    host, _, port = address.rpartition(':')
    if '://' in address or not (host and port.isdecimal()):
        raise ClusterError(f'{address}: not the HOST:PORT of a Ray cluster. {remedy}')
    try:
        with socket.create_connection((host.strip('[]'), int(port)), _PROBE_SECONDS) as connection:
            if os.environ.get('RAY_USE_TLS', '0') == '0' and not _speaks_http2(connection):
                raise ConnectionError('another program listens there')
    except (OSError, OverflowError) as error:
        raise ClusterError(f'{address}: {platform.node()} finds no Ray cluster there: {error}. {remedy}') from error


def _speaks_http2(connection: socket.socket) -> bool:
    """Whether the peer speaks HTTP/2, as Ray's gRPC does: both sides begin with SETTINGS (RFC 9113, section 3.4)."""
    settings = b'\0\0\0\x04\0\0\0\0\0'  # length 0, type 4, no flags, stream 0
    connection.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + settings)
    return connection.recv(4)[3:] == settings[3:4]
