"""A file is the one that was published, or it is refused."""

import hashlib

import pytest

from cmvl_mm.files.digest import DigestError, require_sha256, sha256_of


@pytest.fixture
def published(tmp_path):
    path = tmp_path / 'zoo.safetensors'
    path.write_bytes(bytes(range(256)) * 20)
    return path


def test_the_digest_is_sha256sums(published):
    assert sha256_of(published) == hashlib.sha256(published.read_bytes()).hexdigest()
    require_sha256(published, sha256_of(published))
    require_sha256(published, sha256_of(published).upper())


@pytest.mark.parametrize('place', [0, 1000, 5119])
def test_one_changed_bit_is_refused_with_both_digests(published, place):
    expected = sha256_of(published)
    content = bytearray(published.read_bytes())
    content[place] ^= 1
    published.write_bytes(content)
    found = sha256_of(published)
    with pytest.raises(DigestError, match=rf'zoo\.safetensors: its SHA-256 is {found}, expected {expected}.*Remedy'):
        require_sha256(published, expected)


def test_what_is_no_full_digest_is_refused_although_it_fits(published):
    right = sha256_of(published)
    for wrong in (*(right[:length] for length in (0, 8, 40, 63)), 'g' * 64, '0' * 65, f'{right}\n'):
        with pytest.raises(DigestError, match='not a full SHA-256'):
            require_sha256(published, wrong)


def test_every_digit_counts(published):
    """Eight of them can be matched by trying."""
    expected = sha256_of(published)
    for place in (0, 8, 40, 63):
        wrong = f'{expected[:place]}{"0" if expected[place] != "0" else "1"}{expected[place + 1 :]}'
        with pytest.raises(DigestError, match='not the file that was published'):
            require_sha256(published, wrong)
