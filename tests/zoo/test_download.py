"""What comes over the net is the published file, whole, or an error; and an interrupted download goes on."""

import hashlib
import threading
import time
from email.message import Message
from io import BytesIO
from urllib.request import Request

import pytest

from cmvl_mm.files.digest import DigestError
from cmvl_mm.zoo import transfer
from cmvl_mm.zoo.address import Address, AddressError
from cmvl_mm.zoo.download import cache_folder, fetch
from cmvl_mm.zoo.transfer import DownloadError


def left(cache, site) -> list[str]:
    """What lies in the cache, locks apart; the digest as '*'."""
    names = (path.name.replace(site.sha256, '*') for path in cache.iterdir())
    return sorted(name for name in names if not name.endswith('.lock'))


def address(site, path='/weights.safetensors', sha256=None) -> Address:
    return Address(site.url(path), sha256 or site.sha256)


def test_a_file_comes_whole_and_then_from_the_cache(site, cache, capsys):
    path = fetch(address(site))
    assert path == cache / f'{site.sha256}.weights'
    assert path.read_bytes() == site.content
    assert left(cache, site) == ['*.weights']
    assert site.ranges_asked == [None]
    printed = capsys.readouterr().err
    lines = printed.splitlines()
    assert len(lines) == 2  # no terminal: begin and end, nothing between
    assert '\r' not in printed
    assert lines[1].startswith(f'{site.url()}: 100 % of 0.5 MB, ')
    assert fetch(address(site)) == path
    assert len(site.asked) == 1
    assert capsys.readouterr().err == ''


def test_an_interrupted_download_asks_for_the_rest_of_the_same_version(site, cache):
    site.cuts = [200_000]
    assert fetch(address(site)).read_bytes() == site.content
    assert site.ranges_asked == [None, 'bytes=200000-']
    assert site.asked[1]['If-Range'] == '"one"'
    assert left(cache, site) == ['*.weights']


def test_what_has_come_survives_the_process(site, cache, capsys):
    site.cuts = [100_000, 100_000, 100_000]  # three attempts, then it gives up
    with pytest.raises(DownloadError, match=r'the connection ended after 300000 of 500000 bytes, 3 times\. Remedy'):
        fetch(address(site))
    assert left(cache, site) == ['*.part', '*.version']
    assert (cache / f'{site.sha256}.part').read_bytes() == site.content[:300_000]
    capsys.readouterr()
    assert fetch(address(site)).read_bytes() == site.content
    assert site.ranges_asked[-1] == 'bytes=300000-'
    assert '60 % of 0.5 MB, going on' in capsys.readouterr().err


def test_a_changed_file_comes_anew_and_not_in_two_halves(site, cache):
    old = site.content
    site.cuts = [200_000, 0, 0]
    sha256 = hashlib.sha256(old[::-1]).hexdigest()
    with pytest.raises(DownloadError):
        fetch(address(site, sha256=sha256))
    site.content, site.etag = old[::-1], '"two"'  # what was published is there at last
    assert fetch(address(site)).read_bytes() == old[::-1]
    assert site.asked[-1]['If-Range'] == '"one"'


def test_without_versions_two_halves_are_told_by_the_digest_and_all_of_it_comes_anew(site, cache):
    site.etag = None
    cache.mkdir()
    (cache / f'{site.sha256}.part').write_bytes(b'of another version' * 1000)
    assert fetch(address(site)).read_bytes() == site.content
    assert site.ranges_asked == ['bytes=18000-', None]
    assert 'If-Range' not in site.asked[0]


def test_another_file_is_refused_with_both_digests_and_not_kept(site, cache):
    published = '7' * 64
    with pytest.raises(DigestError, match=rf'weights\.safetensors: .*{site.sha256}, expected {published}.*Remedy'):
        fetch(address(site, sha256=published))
    assert len(site.asked) == 1
    assert [path.suffix for path in cache.iterdir() if path.suffix not in ('.lock', '.version')] == []


def test_a_damaged_file_of_the_cache_is_not_used(site, capsys):
    path = fetch(address(site))
    path.write_bytes(site.content[:-1])
    assert fetch(address(site)).read_bytes() == site.content
    assert f'{path}: the cached file is corrupt' in capsys.readouterr().err
    assert len(site.asked) == 2


def test_a_file_of_another_size_is_refused_before_it_comes(site, cache):
    with pytest.raises(DownloadError, match=r'500000 bytes lie there, 499999 were published\. Remedy'):
        fetch(address(site), size=499_999)
    assert left(cache, site) == []


def test_a_body_without_end_is_cut_off(site, cache, monkeypatch):
    site.says_length = False
    with pytest.raises(DownloadError, match='more than 499999 bytes come'):
        fetch(address(site), size=499_999)
    monkeypatch.setattr(transfer, 'LARGEST', 400_000)
    for site.says_length in (False, True):
        with pytest.raises(DownloadError, match='more than 400000 bytes come'):
            fetch(address(site))
    monkeypatch.setattr(transfer, 'LARGEST', 500_000)
    assert fetch(address(site)).read_bytes() == site.content


@pytest.mark.parametrize('status', [403, 404, 410])
def test_a_refusal_is_not_asked_again_and_a_busy_server_is(site, cache, status):
    site.statuses = [status] * 9
    with pytest.raises(DownloadError, match=rf'weights\.safetensors: the server answers {status} .*Remedy'):
        fetch(address(site))
    assert len(site.asked) == 1
    assert left(cache, site) == []
    site.statuses = [503, 429]
    assert fetch(address(site)).read_bytes() == site.content
    site.statuses = [500] * 9
    with pytest.raises(DownloadError, match=r'the server answers 500 .*, 3 times'):  # and not for ever
        fetch(address(site, sha256='1' * 64))
    assert len(site.asked) == 1 + 3 + 3


def test_silence_is_one_error(site, monkeypatch):
    monkeypatch.setattr(transfer, 'TIMEOUT', 0.1)
    site.hold = threading.Event()
    with pytest.raises(DownloadError, match=r'weights\.safetensors: no answer \(timed out\), 3 times'):
        fetch(address(site))
    site.hold.set()


def test_redirects_are_followed_to_safe_places_only(site, cache):
    site.redirect = site.url('/elsewhere')
    assert fetch(address(site, '/moved')).read_bytes() == site.content
    assert site.paths == ['/moved', '/elsewhere']
    site.redirect = 'http://example.org/weights.safetensors'
    with pytest.raises(AddressError, match=r'/moved sends on to http://example\.org.*Remedy'):
        fetch(address(site, '/moved', '1' * 64))
    site.redirect = 'ftp://127.0.0.1/weights'
    with pytest.raises(AddressError, match='sends on to ftp:'):
        fetch(address(site, '/moved', '2' * 64))
    # Never from https to http, on this machine either; the handler alone, as a test has no certificate.
    request = Request('https://127.0.0.1/weights.safetensors')
    with pytest.raises(AddressError, match=r'http:// after https://'):
        transfer._SafeRedirects().redirect_request(request, BytesIO(), 302, '', Message(), 'http://127.0.0.1/weights')


def test_several_at_once_download_once(site, cache, capsys):
    site.hold, found = threading.Event(), []
    threads = [threading.Thread(target=lambda: found.append(fetch(address(site)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while 'another process downloads it; waiting' not in capsys.readouterr().err and time.monotonic() < deadline:
        time.sleep(0.02)
    site.hold.set()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() == site.content for path in found] == [True] * 4
    assert len(site.asked) == 1


def test_the_cache_is_where_its_users_say(monkeypatch, tmp_path):
    monkeypatch.setenv('CMVL_MM_CACHE', '/somewhere')
    assert str(cache_folder()) == '/somewhere'
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('CMVL_MM_CACHE', '~/x')
    assert cache_folder() == tmp_path / 'x'
    monkeypatch.delenv('CMVL_MM_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_folder() == tmp_path / 'cmvl_mm'
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert cache_folder() == tmp_path / '.cache' / 'cmvl_mm'
