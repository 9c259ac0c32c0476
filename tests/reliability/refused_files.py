"""Files that our readers have to refuse: objects where data belong, checkpoints whose parts contradict each other."""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save

from cmvl_mm.checkpoints.pretrained import read_state_dict
from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.strict_files import _NoPickle, _PlainYaml
from cmvl_mm.evaluation.features import load_features, open_rows
from cmvl_mm.prepare.sources import find_in_list

WEIGHTS = {'backbone.conv.weight': torch.arange(600.0).reshape(20, 30), 'backbone.bias': torch.ones(20)}


class Flag:
    """An object of a class of ours; restoring it leaves a file, by which a test sees that it was restored."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __setstate__(self, state: dict[str, Any]) -> None:
        Path(state['path']).touch()


class Case(NamedTuple):
    """A file and the reader that has to refuse it."""

    title: str
    path: Path
    read: Callable[[Path], Any]


def objects(folder: Path, flag: Path) -> list[Case]:
    """A `Flag` in every kind of file that the toolkit reads, and two kinds of config that are not read at all."""
    one = Flag(flag)
    cases = []

    def add(name: str, read: Callable[[Path], Any], write: Callable[[Path], Any]) -> None:
        write(folder / name)
        cases.append(Case(f'{name}, {getattr(read, "__name__", "reader")}', folder / name, read))

    for place in ('state_dict', 'message_hub', 'optimizer', 'meta'):
        contents = {'state_dict': WEIGHTS} | {place: one}
        add(f'in_{place}.pth', read_state_dict, lambda path, contents=contents: torch.save(contents, path))
    old = dict(_use_new_zipfile_serialization=False)
    add('stream.pth', read_state_dict, lambda path: torch.save({'state_dict': one}, path, **old))
    add('features.npz', load_features, lambda path: np.savez(path, features=np.array([one], dtype=object)))
    add('rows.npy', open_rows, lambda path: np.save(path, np.array([one], dtype=object)))
    bare = {
        'bare.pth': read_state_dict,
        'bare.safetensors': read_state_dict,
        'bare.npz': load_features,
        'bare.npy': open_rows,
        'bare.txt': _read_list,
        'list.pkl': _NoPickle().load_from_path,
        'list.pickle': _read_list,
    }
    for name, read in bare.items():
        add(name, read, lambda path: path.write_bytes(pickle.dumps(one)))
    for name, read in {'list.yaml': _PlainYaml().load_from_path, 'l.yml': _read_list, 'p.yaml': _find_in_list}.items():
        add(name, read, lambda path: path.write_text(f'!Flag {{path: {flag}}}\n'))
    for suffix in ('json', 'yaml'):
        add(f'config.{suffix}', load_config, lambda path: path.write_text(json.dumps({'model': {'type': 'C3DBN'}})))
    return cases


def _read_list(path: Path) -> Any:
    return read_list(path, 'optional')


def _find_in_list(path: Path) -> Any:
    return find_in_list(path, path.parent)


def contradictions(folder: Path) -> dict[str, Path]:
    """Title -> a checkpoint that is cut off, or that says one thing in one place and another elsewhere."""
    whole, old = good_pth(), io.BytesIO()
    torch.save({'state_dict': WEIGHTS}, old, _use_new_zipfile_serialization=False)
    files = {
        'empty.pth': b'',
        'text.pth': b'404: not found\n',
        'half.pth': whole[: len(whole) // 2],
        'without its last byte.pth': whole[:-1],
        'half a stream.pth': old.getvalue()[:-500],
        'compressed.pth': _rewritten(whole, method=zipfile.ZIP_DEFLATED),
        'a short record.pth': _rewritten(whole, lambda content: content[:64]),
        'no record.pth': _rewritten(whole, lambda content: None),
        **{f'{title}.safetensors': content for title, content in _headers().items()},
    }
    paths = {title: folder / title.replace(' ', '_') for title in files}
    for title, content in files.items():
        paths[title].write_bytes(content)
    return paths


def _rewritten(
    whole: bytes, change: Callable[[bytes], bytes | None] = bytes, method: int = zipfile.ZIP_STORED
) -> bytes:
    """The archive with the bytes of its first tensor changed, or without them, or compressed."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(written, 'w', method) as sink:
        for name in source.namelist():
            content: bytes | None = source.read(name)
            if name.endswith('data/0'):
                content = change(source.read(name))
            if content is not None:
                sink.writestr(name, content)
    return written.getvalue()


def _headers() -> dict[str, bytes]:
    def file(header: object, data: bytes = b'\0' * 16, length: int | None = None) -> bytes:
        encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack('<Q', len(encoded) if length is None else length) + encoded + data

    good = {'dtype': 'F32', 'shape': [2, 2], 'data_offsets': [0, 16]}
    return {
        'a header longer than the file': file({'w': good}, length=10_000),
        'a header that is no JSON': file(b'{"w": '),
        'a header that is a list': file([good]),
        'offsets past the end': file({'w': good | {'data_offsets': [0, 64], 'shape': [4, 4]}}),
        'offsets backwards': file({'w': good | {'data_offsets': [16, 0]}}),
        'a shape of another size': file({'w': good | {'shape': [2, 3]}}),
        'two tensors in one place': file({'w': good, 'v': good}),
        'bytes that belong to nobody': file({'w': good}, data=b'\0' * 20),
        'a type that does not exist': file({'w': good | {'dtype': 'OBJECT'}}),
        'half of a good file': good_safetensors()[:-100],
    }


def good_pth() -> bytes:
    written = io.BytesIO()
    torch.save({'state_dict': WEIGHTS, 'meta': {'epoch': 3}}, written)
    return written.getvalue()


def good_safetensors() -> bytes:
    return save(WEIGHTS)
