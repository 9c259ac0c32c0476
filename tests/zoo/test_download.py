"""What comes over the net is the published file, whole, or an error."""

import base64
import os
import subprocess
import sys
import threading
import time

import pytest

from cmvl_mm.files.digest import DigestError
from cmvl_mm.zoo import limits, over_https
from cmvl_mm.zoo.address import Address, AddressError
from cmvl_mm.zoo.download import cache_folder, fetch
from cmvl_mm.zoo.limits import DownloadError, require_safe_redirect


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
    assert capsys.readouterr().err == f'{site.url()}: downloading, 0.5 MB\n'  # no terminal: no bar
    assert fetch(address(site)) == path
    assert len(site.asked) == 1
    assert capsys.readouterr().err == ''


def test_an_interrupted_download_comes_again_and_leaves_nothing_if_it_gives_up(site, cache):
    site.cuts = [200_000]
    assert fetch(address(site)).read_bytes() == site.content
    assert site.ranges_asked == [None, None]  # all of it: pooch does not resume in the middle
    site.cuts = [100_000, 100_000, 100_000]  # three attempts, then it gives up
    with pytest.raises(DownloadError, match=r'the connection ended .*, 3 times\. Remedy'):
        fetch(address(site, sha256='1' * 64))
    assert left(cache, site) == ['*.weights']


def test_half_a_file_without_a_length_is_not_taken(site, cache):
    """Where the server names no length, the published size tells, and without it the digest."""
    site.says_length, site.cuts = False, [200_000] * 3
    with pytest.raises(DownloadError, match=r'ended after 200000 of 500000 bytes, 3 times'):
        fetch(address(site), size=500_000)
    site.cuts = [200_000]
    with pytest.raises(DigestError):
        fetch(address(site))
    assert left(cache, site) == []


def test_another_file_is_refused_with_both_digests_and_not_kept(site, cache):
    published = '7' * 64
    with pytest.raises(DigestError, match=rf'weights\.safetensors: .*{site.sha256}, expected {published}.*Remedy'):
        fetch(address(site, sha256=published))
    assert len(site.asked) == 1
    assert [path.suffix for path in cache.iterdir()] == ['.lock']


def test_a_damaged_file_of_the_cache_is_not_used(site, capsys):
    path = fetch(address(site))
    path.write_bytes(site.content[:-1])
    assert fetch(address(site)).read_bytes() == site.content
    assert f'{path}: the cached file is corrupt' in capsys.readouterr().err
    assert len(site.asked) == 2


def test_a_file_of_another_size_is_refused_before_it_comes(site, cache):
    with pytest.raises(DownloadError, match=r'the server offers 500000 bytes, not the published 499999\. Remedy'):
        fetch(address(site), size=499_999)
    assert left(cache, site) == []


def test_a_body_without_end_is_cut_off(site, cache, monkeypatch):
    site.says_length = False
    with pytest.raises(DownloadError, match='sends more than 499999 bytes'):
        fetch(address(site), size=499_999)
    monkeypatch.setattr(limits, 'LARGEST', 400_000)
    for site.says_length in (False, True):
        with pytest.raises(DownloadError, match='sends more than 400000 bytes'):
            fetch(address(site))
    monkeypatch.setattr(limits, 'LARGEST', 500_000)
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
    monkeypatch.setattr(over_https, 'TIMEOUT', 0.1)
    site.hold = threading.Event()
    with pytest.raises(DownloadError, match=r'weights\.safetensors: no answer \(timed out\), 3 times'):
        fetch(address(site))
    site.hold.set()


def test_redirects_are_followed_to_safe_places_only(site, cache):
    site.redirect = site.url('/elsewhere')
    assert fetch(address(site, '/moved')).read_bytes() == site.content
    assert site.paths == ['/moved', '/elsewhere']
    site.redirect = 'http://example.org/weights.safetensors'
    with pytest.raises(AddressError, match=r'/moved redirects to http://example\.org.*Remedy'):
        fetch(address(site, '/moved', '1' * 64))
    site.redirect = 'ftp://127.0.0.1/weights'
    with pytest.raises(AddressError, match='redirects to ftp:'):
        fetch(address(site, '/moved', '2' * 64))
    site.redirect = 'https://me:secret@example.org/weights'
    with pytest.raises(AddressError, match='password') as error:
        fetch(address(site, '/moved', '3' * 64))
    assert 'secret' not in str(error.value)
    site.redirect = site.url('/moved')
    with pytest.raises(DownloadError, match='more than 10 redirects'):
        fetch(address(site, '/moved', '4' * 64))
    # Never from https to http, on this machine either; the check alone, as a test has no certificate.
    with pytest.raises(AddressError, match=r'http:// after https:// is not allowed'):
        require_safe_redirect('https://127.0.0.1/weights.safetensors', 'http://127.0.0.1/weights')


def test_passwords_of_the_machine_are_not_sent_and_keys_of_addresses_not_printed(site, tmp_path, monkeypatch, capsys):
    """requests alone would send what ~/.netrc has for the host, and print the query when it fails."""
    netrc = tmp_path / 'netrc'
    netrc.write_text('default login me password hidden\n')
    monkeypatch.setenv('NETRC', str(netrc))
    monkeypatch.setattr(over_https, 'is_loopback', lambda host: False)  # of this machine no environment is read
    fetch(address(site, '/weights?key=secret'))
    assert 'Authorization' not in site.asked[-1]
    monkeypatch.setattr(over_https, 'TIMEOUT', 0.1)
    for statuses, hold in (([500] * 3, None), ([404], None), ([], threading.Event())):
        site.statuses, site.hold = statuses, hold
        with pytest.raises(DownloadError) as error:
            fetch(address(site, '/weights?key=secret', '1' * 64))
        assert 'secret' not in str(error.value)
        assert error.value.__cause__ is None  # no library's text in the traceback
        assert error.value.__suppress_context__ or error.value.__context__ is None
    assert base64.b64encode(b'me:hidden').decode() not in str(site.asked)
    assert 'secret' not in capsys.readouterr().err


def test_several_at_once_download_once(site, cache, capsys):
    site.hold, found = threading.Event(), []
    threads = [threading.Thread(target=lambda: found.append(fetch(address(site)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while (
        'another process is downloading this file; waiting' not in capsys.readouterr().err
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    site.hold.set()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() == site.content for path in found] == [True] * 4
    assert len(site.asked) == 1


@pytest.mark.slow
def test_two_processes_download_once(site, cache):
    site.hold = threading.Event()
    code = (
        'from cmvl_mm.zoo.address import Address\nfrom cmvl_mm.zoo.download import fetch\n'
        f'print(fetch(Address({site.url()!r}, {site.sha256!r})))'
    )
    environment = os.environ | dict(CMVL_MM_CACHE=str(cache))
    processes = [
        subprocess.Popen([sys.executable, '-c', code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    deadline = time.monotonic() + 60
    while not site.asked and time.monotonic() < deadline:
        time.sleep(0.02)
    site.hold.set()
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.decode().strip() == str(cache / f'{site.sha256}.weights')
    assert len(site.asked) == 1
    assert (cache / f'{site.sha256}.weights').read_bytes() == site.content


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
