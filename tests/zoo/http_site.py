"""A server on this machine that behaves as servers do, well or badly."""

import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Site:
    """What is served, how, and what was asked for."""

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    """Answer Range at all."""
    says_length: bool = True
    statuses: list[int] = field(default_factory=list)
    """Of the next answers; then 200 or 206."""
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next answers break off."""
    redirect: str | None = None
    """Where what ends in /moved leads to."""
    hold: threading.Event | None = None
    """Answers wait for it."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Headers of every request."""
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def url(self, path: str = '/weights.safetensors') -> str:
        return f'http://127.0.0.1:{self.port}{path}'

    @property
    def ranges_asked(self) -> list[str | None]:
        return [headers.get('Range') for headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    """Serves the site's content under every path that does not end in /moved; HEAD as a hub of models answers it."""

    def do_HEAD(self) -> None:
        site: Site = self.server.site
        site.asked.append(dict(self.headers))
        site.paths.append(f'HEAD {self.path}')
        status = site.statuses.pop(0) if site.statuses else 200
        moved = status == 200 and self.path.endswith('/moved')
        self.send_response(302 if moved else status)
        self.send_header('X-Repo-Commit', '0123456789' * 4)
        self.send_header('X-Linked-Size', str(len(site.content)))
        self.send_header('ETag', site.etag or '"none"')
        if moved:
            self.send_header('Location', site.redirect)
        self.send_header('Content-Length', '0' if status != 200 or moved else str(len(site.content)))
        self.end_headers()

    def do_GET(self) -> None:
        site: Site = self.server.site
        site.asked.append(dict(self.headers))
        if self.path != '/api/agent-harnesses':  # huggingface_hub asks for it once in a while, and keeps the answer
            site.paths.append(self.path)
        if site.hold is not None:
            site.hold.wait(20)
        status = site.statuses.pop(0) if site.statuses else 200
        if status == 200 and self.path.endswith('/moved'):
            self.send_response(302)
            self.send_header('Location', site.redirect)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        if status != 200:
            self.send_error(status)
            return
        body, begin = site.content, self.begin(site)
        if begin is not None and begin >= len(body):
            self.send_error(416)
            return
        self.send_response(200 if begin is None else 206)
        if begin is not None:
            self.send_header('Content-Range', f'bytes {begin}-{len(body) - 1}/{len(body)}')
        body = body[begin or 0 :]
        if site.says_length:
            self.send_header('Content-Length', str(len(body)))
        if site.etag is not None:
            self.send_header('ETag', site.etag)
        self.end_headers()
        self.wfile.write(body[: site.cuts.pop(0)] if site.cuts else body)
        self.close_connection = True

    def begin(self, site: Site) -> int | None:
        """As RFC 9110 has it: a Range whose If-Range is of another version asks for all of the new one."""
        span = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        if span is None or not site.ranges or self.headers.get('If-Range', site.etag) != site.etag:
            return None
        return int(span[1])

    def log_message(self, *words: Any) -> None:
        """Nothing on stderr, which the tests read."""


class Server(ThreadingHTTPServer):
    """Says nothing when a client hangs up, which many tests make it do."""

    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass
