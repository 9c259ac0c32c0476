"""Restrict requests to names of this machine and to the page's own scripts."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    'content-security-policy': (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
}
"""Headers of every answer: no content from other sites, no inline scripts, and no embedding in other pages."""


def allowed_hosts(host: str, more: Iterable[str]) -> frozenset[str]:
    """Names that a request may have in its Host header when the page listens on `host`.

    Without this check a page of another site could read the answers, because its name can be made to resolve to this
    machine.

    Args:
        host: an address or a name; 0.0.0.0 and :: mean this machine's name and addresses.
        more: further names that resolve to this machine, given by the user.
    """
    names = {'localhost', '127.0.0.1', '::1', host, *more}
    if host in ('0.0.0.0', '::', ''):
        own = socket.gethostname()
        names |= {own, socket.getfqdn()}
        names |= {str(entry[4][0]) for entry in _addresses(own)}
    return frozenset(_plain(name) for name in names if name)


def _addresses(name: str) -> list[tuple]:
    try:
        return socket.getaddrinfo(name, None)
    except OSError:
        return []


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.strip('[]')))
    except ValueError:
        return name.lower().rstrip('.')


class Guard:
    """ASGI middleware that refuses other hosts and foreign scripts.

    Args:
        app: the application that answers.
        hosts: see `allowed_hosts`.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refused(Headers(scope=scope), scope['method'])
        if refused:
            await JSONResponse(dict(message=refused), 403)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refused(self, headers: Headers, method: str) -> str:
        host = headers.get('host', '')
        name = _host_of(f'//{host}')
        if name not in self.hosts:
            return f'{host!r} is not a host of this page. Remedy: open the address of `cmvl web`, or add --allow-host.'
        origin = headers.get('origin')
        if method not in ('GET', 'HEAD') and origin is not None and urlsplit(origin).netloc != host:
            return f'pages of {origin!r} are not allowed to send requests here. Remedy: use this page itself.'
        return ''


def _host_of(url: str) -> str:
    try:
        return _plain(urlsplit(url).hostname or '')
    except ValueError:
        return ''
