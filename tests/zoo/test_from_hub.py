"""What huggingface_hub brings is held to the same rules as any other download."""

import threading
from types import SimpleNamespace

import httpx2
import pytest
from huggingface_hub import constants, file_download
from huggingface_hub.utils import _http, get_session

from cmvl_mm.files.digest import DigestError
from cmvl_mm.zoo import limits
from cmvl_mm.zoo.address import AddressError, read_address
from cmvl_mm.zoo.download import fetch
from cmvl_mm.zoo.limits import DownloadError

TOKEN = 'hf_of_the_user'


@pytest.fixture(autouse=True)
def hub(site, monkeypatch):
    """The site is the hub, and the user is logged in."""
    monkeypatch.setenv('HF_ENDPOINT', site.url(''))
    monkeypatch.setenv('HF_TOKEN', TOKEN)
    no_wait = SimpleNamespace(sleep=lambda seconds: None)
    monkeypatch.setattr(file_download, 'time', no_wait)
    monkeypatch.setattr(_http, 'time', no_wait)
    return site


def address(site, file='nets/weights.safetensors', sha256=None):
    return read_address(f'hf://some/one@v1.0/{file}#sha256={sha256 or site.sha256}')


def left(cache):
    return sorted(path.name for path in cache.rglob('*') if path.suffix != '.lock')


def test_a_file_comes_whole_without_the_users_token_and_then_from_the_cache(site, cache, capsys):
    path = fetch(address(site))
    assert path == cache / f'{site.sha256}.weights'
    assert path.read_bytes() == site.content
    assert left(cache) == [path.name]
    gets = [path for path in site.paths if not path.startswith('HEAD')]
    assert gets == ['/some/one/resolve/v1.0/nets/weights.safetensors']
    assert TOKEN not in str(site.asked)
    asked = len(site.asked)
    assert fetch(address(site)) == path
    assert len(site.asked) == asked  # nobody is asked, so that it works off line
    assert TOKEN not in capsys.readouterr().err
    assert constants.HF_HUB_DISABLE_XET is False  # as it was
    assert len(get_session().event_hooks['request']) == 1


def test_another_file_or_another_size_is_refused_and_not_kept(site, cache, monkeypatch):
    with pytest.raises(DigestError, match=rf'{site.sha256}, expected {"7" * 64}.*Remedy'):
        fetch(address(site, sha256='7' * 64))
    assert left(cache) == []
    before = len(site.paths)
    with pytest.raises(DownloadError, match='the server offers 500000 bytes, not the published 499999'):
        fetch(address(site), size=499_999)
    monkeypatch.setattr(limits, 'LARGEST', 400_000)
    with pytest.raises(DownloadError, match='sends more than 400000 bytes'):
        fetch(address(site))
    assert all(path.startswith('HEAD') for path in site.paths[before:])
    assert left(cache) == []


def test_a_body_longer_than_was_said_is_cut_off(site, cache, monkeypatch):
    said = file_download.get_hf_file_metadata

    def smaller(*args, **options):
        found = said(*args, **options)
        return type(found)(**{**vars(found), 'size': None})

    monkeypatch.setattr(file_download, 'get_hf_file_metadata', smaller)
    site.says_length = False
    with pytest.raises(DownloadError, match='sends more than 1000 bytes'):
        fetch(address(site), size=1000)
    assert left(cache) == []


def test_a_broken_connection_goes_on_where_it_broke(site, monkeypatch):
    """At the last whole piece, and within the process: see docs/models.md."""
    monkeypatch.setattr(constants, 'DOWNLOAD_CHUNK_SIZE', 100_000)  # 10 MB
    site.cuts = [200_000]
    assert fetch(address(site)).read_bytes() == site.content
    assert site.ranges_asked[-2:] == [None, 'bytes=200000-']


def test_redirects_go_to_safe_places_only(site, cache):
    site.redirect = 'http://example.org/weights?signature=secret'
    with pytest.raises(AddressError, match=r'redirects to http://example\.org') as error:
        fetch(address(site, 'moved'))
    assert 'secret' not in str(error.value)
    assert left(cache) == []


def test_an_unsafe_hub_is_not_asked(site, monkeypatch):
    for endpoint in ('http://example.org', 'https://me:secret@example.org'):
        monkeypatch.setenv('HF_ENDPOINT', endpoint)
        with pytest.raises(AddressError, match='Remedy') as error:
            fetch(address(site))
        assert 'secret' not in str(error.value)
    assert site.paths == []


def test_refusals_name_address_and_remedy_and_no_signed_places(site, cache, monkeypatch):
    site.statuses = [404] * 9
    with pytest.raises(DownloadError, match=r'huggingface\.co/some/one/.*: the hub answers 404 .*Remedy') as error:
        fetch(address(site))
    assert error.value.__cause__ is None
    site.statuses = []
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)
    with pytest.raises(DownloadError, match=r'HF_HUB_OFFLINE is set.*Remedy'):
        fetch(address(site))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    monkeypatch.setenv('HF_ENDPOINT', 'http://127.0.0.1:9')
    with pytest.raises(DownloadError, match=r'the download failed \(\w+\)\. Remedy'):
        fetch(address(site))
    assert left(cache) == []


def test_other_threads_and_later_requests_are_not_guarded(site):
    """The guard is on the client that all users of huggingface_hub share."""
    site.hold, failed = threading.Event(), []
    thread = threading.Thread(target=lambda: fetch(address(site)))
    thread.start()
    while not site.paths:
        pass
    try:
        get_session().get('http://127.0.0.2:9/', timeout=2)  # refused by the system
    except httpx2.HTTPError:
        failed.append('connection')
    site.hold.set()
    thread.join()
    assert failed == ['connection']
