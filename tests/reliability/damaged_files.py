"""Checkpoints that run nothing and still lie: about sizes, offsets, names, and how much they unpack to."""

import io
import json
import struct
import zipfile
from pathlib import Path

import torch
from hostile_files import write_checkpoint
from hostile_pickles import PROTOCOL, STOP, call, name, text
from safetensors.torch import save

WEIGHTS = {'backbone.conv.weight': torch.arange(600.0).reshape(20, 30), 'backbone.bias': torch.ones(20)}


def good_pth() -> bytes:
    """A small checkpoint as torch.save writes it."""
    written = io.BytesIO()
    torch.save({'state_dict': WEIGHTS, 'meta': {'epoch': 3}}, written)
    return written.getvalue()


def good_safetensors() -> bytes:
    """The same weights."""
    return save(WEIGHTS)


def lies(folder: Path) -> dict[str, Path]:
    """Title -> file."""
    whole = good_pth()
    files = {
        'an empty file.pth': b'',
        'text.pth': b'404: not found\n',
        'the first half.pth': whole[: len(whole) // 2],
        'all but the last byte.pth': whole[:-1],
        'a magic number alone.pth': b'PK\x03\x04',
        **{f'{title}.safetensors': content for title, content in _lying_headers().items()},
    }
    paths = {}
    for title, content in files.items():
        paths[title] = folder / title.replace(' ', '_')
        paths[title].write_bytes(content)
    for title, content in _legacy_streams().items():
        paths[title] = folder / f'{title.replace(" ", "_")}.pth'
        paths[title].write_bytes(content)
    archives = {
        'a record shorter than the pickle says': (_tensor('FloatStorage', '0', 100_000), {'0': b'\0' * 64}),
        'a record that is not there': (_tensor('FloatStorage', '7', 4), {'0': b'\0' * 64}),
        'a record outside the archive': (_tensor('FloatStorage', '../../../../etc/passwd', 4), {'0': b'\0' * 64}),
        'a negative size': (_tensor('FloatStorage', '0', -4), {'0': b'\0' * 64}),
        'a storage without a tensor': (PROTOCOL + _storage('FloatStorage', '0', 4) + STOP, {'0': b'\0' * 16}),
        'a terabyte of zeros': (PROTOCOL + call(name('builtins', 'bytearray'), b'\x8a\x06\0\0\0\0\0\x01') + STOP, {}),
        'an array over raw memory': (PROTOCOL + _array_over_memory() + STOP, {}),
        'an array of objects': (PROTOCOL + _array_of_objects() + STOP, {}),
        'a number type with other flags': (PROTOCOL + _flagged_number() + STOP, {}),
        'an array larger than its bytes': (PROTOCOL + _short_array() + STOP, {}),
        'a history with methods of its own': (PROTOCOL + _history() + STOP, {}),
    }
    for title, (pickled, records) in archives.items():
        paths[title] = folder / f'{title.replace(" ", "_")}.pth'
        write_checkpoint(paths[title], pickled, records)
    return paths | _strange_archives(folder, whole)


def _lying_headers() -> dict[str, bytes]:
    def file(header: object, data: bytes = b'\0' * 16, length: int | None = None) -> bytes:
        encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack('<Q', len(encoded) if length is None else length) + encoded + data

    good = {'dtype': 'F32', 'shape': [2, 2], 'data_offsets': [0, 16]}
    return {
        'a header of 2^63 bytes': file({'w': good}, length=2**63),
        'a header longer than the file': file({'w': good}, length=10_000),
        'a header over 100 MB': file(b' ' * 8, length=101_000_000),
        'a header that is no JSON': file(b'{"w": '),
        'a header that is a list': file([good]),
        'offsets past the end': file({'w': good | {'data_offsets': [0, 1 << 40], 'shape': [1 << 38]}}),
        'offsets backwards': file({'w': good | {'data_offsets': [16, 0]}}),
        'negative offsets': file({'w': good | {'data_offsets': [-16, 0]}}),
        'a shape of another size': file({'w': good | {'shape': [2, 3]}}),
        'a shape that overflows': file({'w': good | {'shape': [1 << 33, 1 << 33]}}),
        'two tensors in one place': file({'w': good, 'v': good}),
        'bytes that belong to nobody': file({'w': good}, data=b'\0' * 20),
        'a type that does not exist': file({'w': good | {'dtype': 'OBJECT'}}),
        'half of a good file': good_safetensors()[:-100],
    }


def _legacy_streams() -> dict[str, bytes]:
    written = io.BytesIO()
    torch.save({'state_dict': WEIGHTS}, written, _use_new_zipfile_serialization=False)
    whole = written.getvalue()
    size = struct.pack('<q', 600)  # before the bytes of each storage stands how many numbers it has
    assert whole.count(size) == 1
    return {
        'an old stream, cut off': whole[:-500],
        'an old stream that claims more': whole.replace(size, struct.pack('<q', 1 << 40)),
        'an old stream that claims less': whole.replace(size, struct.pack('<q', 5)),
    }


def _strange_archives(folder: Path, whole: bytes) -> dict[str, Path]:
    titles = 'names with dots', 'TorchScript', 'lying sizes'
    paths = {title: folder / f'{title.replace(" ", "_")}.pth' for title in titles}
    with zipfile.ZipFile(paths['names with dots'], 'w') as archive:
        archive.writestr('../../data.pkl', b'')
        archive.writestr('/etc/data.pkl', b'')
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), paths['TorchScript'])
    # The size of a member stands in its own header and in the central directory: here the latter says 2 GB.
    member = zipfile.ZipFile(io.BytesIO(whole)).infolist()[0]
    directory = whole.index(b'PK\x01\x02')
    claims = struct.pack('<II', *[2**31] * 2)
    paths['lying sizes'].write_bytes(whole[: directory + 20] + claims + whole[directory + 28 :])
    assert member.file_size < 2**31
    return paths


_RECONSTRUCT = name('numpy._core.multiarray', '_reconstruct')
_DTYPE = name('numpy', 'dtype')


def _number_type(kind: str) -> bytes:
    return call(_DTYPE, text(kind), b'\x89', b'\x88')


def _raw(content: str) -> bytes:
    """Bytes, as protocol 2 writes them."""
    return call(name('_codecs', 'encode'), text(content), text('latin1'))


def _array_over_memory() -> bytes:
    """numpy.ndarray((1,), 'O', buffer=b'AAAAAAAA'): an object at the address 0x4141414141414141."""
    return call(name('numpy', 'ndarray'), b'K\x01\x85', _number_type('O'), _raw('A' * 8))


def _array_of_objects() -> bytes:
    empty = call(_RECONSTRUCT, name('numpy', 'ndarray'), b'K\0\x85', _raw('b'))
    return empty + b'(' + b'K\x01' + b'K\x01\x85' + _number_type('O') + b'\x89' + b']Na' + b't' + b'b'


def _flagged_number() -> bytes:
    """float64 that says of itself to hold references: NumPy then counts references at the addresses in it."""
    flagged = b'(' + b'K\x04' + text('<') + b'NNN' + b'J\xff\xff\xff\xff' * 2 + b'K\x3f' + b't' + b'b'
    return call(name('numpy._core.multiarray', 'scalar'), _number_type('f8') + flagged, _raw('A' * 8))


def _short_array() -> bytes:
    empty = call(_RECONSTRUCT, name('numpy', 'ndarray'), b'K\0\x85', _raw('b'))
    return empty + b'(' + b'K\x01' + b'J\0\0\0\x40\x85' + _number_type('f8') + b'\x89' + _raw('A' * 8) + b't' + b'b'


def _history() -> bytes:
    """A HistoryBuffer whose class would from then on compute another mean."""
    methods = b'}' + text('mean') + name('collections', 'OrderedDict') + b's'
    state = b'}' + text('max_length') + b'K\x0a' + b's' + text('statistics_methods') + methods + b's'
    return name('mmengine.logging.history_buffer', 'HistoryBuffer') + b')\x81' + state + b'b'


def _storage(kind: str, key: str, numel: int) -> bytes:
    """BINPERSID: push a storage of the archive's record `data/<key>`, said to hold `numel` numbers."""
    count = b'J' + numel.to_bytes(4, 'little', signed=True)
    return b'(' + text('storage') + name('torch', kind) + text(key) + text('cpu') + count + b't' + b'Q'


def _tensor(kind: str, key: str, numel: int) -> bytes:
    """A pickle of {'w': a tensor of `numel` numbers}, all of one record."""
    count, one = b'J' + numel.to_bytes(4, 'little', signed=True), b'K\x01'
    rebuilt = call(
        name('torch._utils', '_rebuild_tensor_v2'),
        _storage(kind, key, numel),
        b'K\0' + count + b'\x85' + one + b'\x85' + b'\x89',  # offset, shape, strides, requires_grad
        call(name('collections', 'OrderedDict')),
    )
    return PROTOCOL + b'}' + text('w') + rebuilt + b's' + STOP


def write_bomb(path: Path, gigabytes: float) -> None:
    """A checkpoint whose data.pkl is a string of zeros, deflated a thousandfold."""
    size = int(gigabytes * 2**30)
    piece = b'\0' * 2**20
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        with archive.open('archive/data.pkl', 'w', force_zip64=True) as member:
            for _ in range(size // len(piece)):
                member.write(piece)
        archive.writestr('archive/byteorder', 'little')
        archive.writestr('archive/version', '3\n')
