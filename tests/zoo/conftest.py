"""A server on this machine, an empty cache, and a zoo in a folder of its own."""

import hashlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pooch
import pytest
import torch
import yaml
from safetensors.torch import save

from cmvl_mm.models.c3d import C3DBN
from cmvl_mm.zoo import over_https

sys.path.insert(0, str(Path(__file__).parent))  # `http_site`, `zoo_entries`

from http_site import Handler, Server, Site
from zoo_entries import raw_entry


@pytest.fixture
def site(monkeypatch) -> Iterator[Site]:
    """Half a megabyte of noise, and no wait between attempts."""
    monkeypatch.setattr(over_https, 'ATTEMPTS', 3)
    monkeypatch.setattr(over_https, 'TIMEOUT', 5.0)
    monkeypatch.setattr(pooch.core, 'time', SimpleNamespace(sleep=lambda seconds: None))
    generator = torch.Generator().manual_seed(1)
    noise = torch.randint(256, (500_000,), generator=generator, dtype=torch.uint8)
    server = Server(('127.0.0.1', 0), Handler)
    server.site = Site(noise.numpy().tobytes(), port=server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.01))
    thread.start()
    yield server.site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv('CMVL_MM_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """`zoo(**changes)` writes a manifest of one entry and its weights beside it, and makes it the zoo."""
    folder = tmp_path / 'zoo'
    folder.mkdir()
    monkeypatch.setenv('CMVL_MM_ZOO', str(folder))

    def write(**changes: Any) -> dict[str, Any]:
        weights = {f'backbone.{key}': torch.rand(value.shape).to(value.dtype) for key, value in
                   C3DBN(width=2).state_dict().items()}  # fmt: skip
        content = save(weights)
        (folder / 'tiny_c3d.safetensors').write_bytes(content)
        entry = raw_entry(**(dict(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)) | changes))
        (folder / 'manifest.yml').write_text(yaml.safe_dump(dict(entries=[entry])))
        return dict(entry=entry, weights=weights, folder=folder)

    return write
