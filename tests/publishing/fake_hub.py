"""A hub of models on this machine that takes repositories and commits, and keeps their files in memory."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """What has come."""

    url: str
    repositories: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[tuple[str, str]] = field(default_factory=list)
    """(path of the request, summary)."""
    authorizations: set[str | None] = field(default_factory=set)
    refuse: int | None = None
    """Status of every answer."""


class Handler(BaseHTTPRequestHandler):
    """The parts of the hub's interface that an upload of small files needs."""

    def do_POST(self) -> None:
        hub: Hub = self.server.hub
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        hub.authorizations.add(self.headers.get('Authorization'))
        if hub.refuse is not None:
            return self.answer({'error': 'no'}, hub.refuse)
        if self.path == '/api/repos/create':
            hub.repositories.append(json.loads(body))
            made = hub.repositories[-1]
            return self.answer(dict(url=f'{hub.url}/{made["organization"]}/{made["name"]}'))
        if '/preupload/' in self.path:
            files = [
                dict(path=one['path'], uploadMode='regular', shouldIgnore=False) for one in json.loads(body)['files']
            ]
            return self.answer(dict(files=files))
        if '/commit/' in self.path:
            for line in map(json.loads, body.splitlines()):
                if line['key'] == 'file':
                    hub.files[line['value']['path']] = base64.b64decode(line['value']['content'])
                elif line['key'] == 'header':
                    hub.commits.append((self.path, line['value']['summary']))
            return self.answer(dict(commitUrl=f'{hub.url}/me/mine/commit/{"0" * 40}', commitOid='0' * 40))
        return self.answer({})  # the check of the card's front matter

    def do_GET(self) -> None:
        self.answer({'error': 'nothing here'}, 404)

    def answer(self, contents: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(contents).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Nothing on stderr."""


class _Server(ThreadingHTTPServer):
    hub: Hub


@contextmanager
def running_hub() -> Iterator[Hub]:
    server = _Server(('127.0.0.1', 0), Handler)
    server.hub = Hub(f'http://127.0.0.1:{server.server_port}')
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.01))
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
