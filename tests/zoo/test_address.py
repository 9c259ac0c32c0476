"""Only what is encrypted, and only with all of its digest."""

import pytest

from cmvl_mm.zoo.address import Address, AddressError, OnHub, read_address, shown

DIGEST = '0123456789abcdef' * 4


def test_https_with_a_digest_behind_or_beside_and_the_hub_is_such_an_address():
    expected = Address('https://example.org/a/b.pth?x=1', DIGEST)
    assert read_address(f'https://example.org/a/b.pth?x=1#sha256={DIGEST}') == expected
    assert read_address('https://example.org/a/b.pth?x=1', DIGEST.upper()) == expected
    assert read_address(f'https://example.org/a/b.pth?x=1#sha256={DIGEST}', DIGEST) == expected
    with pytest.raises(AddressError, match='two digests'):
        read_address(f'https://example.org/w.pth#sha256={DIGEST}', DIGEST[::-1])
    for host in ('127.0.0.1', '127.8.8.8', 'localhost', '[::1]'):  # this machine needs no encryption
        assert read_address(f'http://{host}:80/w.pth', DIGEST).url == f'http://{host}:80/w.pth'
    found = read_address(f'hf://some-one/nets.v2/r3d/weights.safetensors#sha256={DIGEST}')
    assert found.url == 'https://huggingface.co/some-one/nets.v2/resolve/main/r3d/weights.safetensors'
    assert found.on_hub == OnHub('some-one/nets.v2', 'main', 'r3d/weights.safetensors')
    found = read_address(f'hf://some-one/nets@v1.0/weights.safetensors#sha256={DIGEST}')
    assert found.url == 'https://huggingface.co/some-one/nets/resolve/v1.0/weights.safetensors'


@pytest.mark.parametrize(
    ('reference', 'message'),
    [
        ('https://example.org/w.pth', r'no digest.*Remedy: pass https://example\.org/w\.pth#sha256=…'),
        (f'https://example.org/w.pth#sha256={DIGEST[:8]}', 'not a full SHA-256'),
        (f'https://example.org/w.pth#md5={DIGEST}', 'is not a digest'),
        (f'http://example.org/w.pth#sha256={DIGEST}', 'http:// is not allowed'),
        (f'http://127.0.0.1.example.org/w.pth#sha256={DIGEST}', 'http:// is not allowed'),
        (f'file:///a.pth#sha256={DIGEST}', 'file:// is not allowed'),
        (f'https:///w.pth#sha256={DIGEST}', 'the address has no host'),
        (f'https://[::1/w.pth#sha256={DIGEST}', 'not an address'),
        (f'https://example.org:abc/w.pth#sha256={DIGEST}', r'example\.org:abc/w\.pth: not an address \('),
        (f'https://example.org/a b.pth#sha256={DIGEST}', 'must be ASCII without spaces'),
        (f'hf://nobody/w.pth#sha256={DIGEST}', 'not an address of the hub'),
        (f'hf://some/one/../../w.pth#sha256={DIGEST}', 'not an address of the hub'),
        (f'hf://some/one@a/b?c/w.pth#sha256={DIGEST}', 'not an address of the hub'),
    ],
)
def test_anything_else_is_refused_with_a_remedy(reference, message):
    with pytest.raises(AddressError, match=message) as error:
        read_address(reference)
    assert 'Remedy' in str(error.value)


def test_passwords_are_refused_and_keys_not_printed():
    with pytest.raises(AddressError) as error:
        read_address(f'https://me:secret@example.org/w.pth#sha256={DIGEST}')
    assert 'secret' not in str(error.value)
    assert shown('https://example.org/w.pth?key=secret') == 'https://example.org/w.pth'
    assert shown('https://me:secret@[x/w') == 'https://…'
