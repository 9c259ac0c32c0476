"""Files of every kind that the toolkit reads, each made to run a command in a reader that trusts it."""

import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from hostile_pickles import payloads
from mmengine.config import Config
from mmengine.fileio import load as load_annotation
from mmengine.fileio.handlers import PickleHandler, YamlHandler

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.engine.config import load_config
from cmvl_mm.evaluation.features import load_features, open_rows
from cmvl_mm.models.pretrained import read_state_dict
from cmvl_mm.video.sources import find_in_list

Reader = Callable[[Path], Any]


class Attack(NamedTuple):
    """A file, the reader that falls for it, and ours."""

    title: str
    path: Path
    trusting: Reader
    """Runs the payload, which shows that the attack is real."""
    ours: Reader


class Payload:
    """Pickles as a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable, tuple[str]]:
        return __import__('os').system, (self.command,)


def attacks(folder: Path, canary: Path) -> list[Attack]:
    """Write all of them.

    Args:
        folder: for the files.
        canary: the file that each payload makes.
    """
    found = []
    for number, (title, pickled) in enumerate(payloads(canary, folder).items()):
        archive, bare = folder / f'archive_{number}.pth', folder / f'bare_{number}.pth'
        write_checkpoint(archive, pickled)
        bare.write_bytes(pickled)
        found.append(Attack(f'{title}, in the archive of torch.save', archive, _trusting_torch, read_state_dict))
        found.append(Attack(f'{title}, bare', bare, _trusting_torch, read_state_dict))
    command = f'touch {canary}'
    return found + _other_checkpoints(folder, command) + _arrays(folder, command) + _annotations(folder, command)


def write_checkpoint(path: Path, pickled: bytes, records: dict[str, bytes] | None = None) -> None:
    """An archive as torch.save writes it, round any pickle, with any storages in `data/`."""
    members = {'data.pkl': pickled, 'byteorder': b'little', 'version': b'3\n'}
    members |= {f'data/{key}': content for key, content in (records or {}).items()}
    with zipfile.ZipFile(path, 'w') as archive:
        for member, content in members.items():
            archive.writestr(f'archive/{member}', content)


def _trusting_torch(path: Path) -> Any:
    return torch.load(path, weights_only=False)


def _other_checkpoints(folder: Path, command: str) -> list[Attack]:
    """Kinds of checkpoint beside torch.save's own archive."""
    pickled = pickle.dumps(Payload(command), protocol=2)
    old, tar, renamed = folder / 'before_1.6.pth', folder / 'before_0.1.10.pth', folder / 'renamed.safetensors'
    torch.save({'state_dict': Payload(command)}, old, _use_new_zipfile_serialization=False)
    with tarfile.open(tar, 'w:') as archive:
        for name in ('sys_info', 'storages', 'tensors', 'pickle'):
            member = tarfile.TarInfo(name)
            member.size = len(pickled)
            archive.addfile(member, io.BytesIO(pickled))
    renamed.write_bytes(pickled)
    found = [
        Attack('the stream of torch before 1.6', old, _trusting_torch, read_state_dict),
        Attack('the tar of torch before 0.1.10', tar, _trusting_torch, read_state_dict),
        Attack('a pickle called .safetensors', renamed, _unpickle, read_state_dict),
    ]
    for place in ('message_hub', 'optimizer', 'meta'):
        path = folder / f'in_{place}.pth'
        torch.save({'state_dict': {'w': torch.zeros(1)}, place: Payload(command)}, path)
        found.append(Attack(f'good weights beside a payload in {place!r}', path, _trusting_torch, read_state_dict))
    return found


def _arrays(folder: Path, command: str) -> list[Attack]:
    """Features for tools/search.py."""
    array = np.array([Payload(command)], dtype=object)
    features, rows = folder / 'features.npz', folder / 'rows.npy'
    np.savez(features, features=array)
    np.save(rows, array)
    return [
        Attack('an .npz of Python objects', features, _trusting_numpy, load_features),
        Attack('an .npy of Python objects', rows, _trusting_numpy, open_rows),
        Attack('a pickle called .npz', _renamed(folder, 'pickle.npz', command), _unpickle, load_features),
        Attack('a pickle called .npy', _renamed(folder, 'pickle.npy', command), _unpickle, open_rows),
    ]


def _trusting_numpy(path: Path) -> Any:
    loaded = np.load(path, allow_pickle=True)
    return loaded if isinstance(loaded, np.ndarray) else dict(loaded)


def _annotations(folder: Path, command: str) -> list[Attack]:
    """Lists and configs; our readers, and the reader of MMEngine that stock data sets use."""
    yaml, module = f'!!python/object/apply:os.system ["{command}"]\n', folder / 'imported_by_a_config.py'
    module.write_text(f'__import__("os").system("{command}")')
    imports = json.dumps({'custom_imports': {'imports': [module.stem], 'allow_failed_imports': False}})
    found = []
    for suffix in ('yaml', 'yml'):
        path, trusting = folder / f'list.{suffix}', YamlHandler().load_from_path
        path.write_text(yaml)
        found += [
            Attack(f'a list in .{suffix}', path, trusting, _read_list),
            Attack(f'a list in .{suffix} for prepare_videos.py', path, trusting, _prepare_list),
            Attack(f'annotations in .{suffix} for a stock data set', path, trusting, load_annotation),
        ]
    for suffix in ('pkl', 'pickle'):
        path = _renamed(folder, f'list.{suffix}', command)
        found += [
            Attack(f'a list in .{suffix}', path, PickleHandler().load_from_path, _read_list),
            Attack(f'annotations in .{suffix} for a stock data set', path, _unpickle, load_annotation),
        ]
    path = _renamed(folder, 'pickle.txt', command)
    found.append(Attack('a pickle called .txt', path, _unpickle, _read_list))
    for suffix in ('json', 'yaml', 'yml'):
        path = folder / f'config.{suffix}'
        path.write_text(imports)
        found.append(Attack(f'a config in .{suffix} that imports a module', path, _trusting_config, load_config))
    return found


def _renamed(folder: Path, name: str, command: str) -> Path:
    path = folder / name
    path.write_bytes(pickle.dumps(Payload(command)))
    return path


def _unpickle(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


def _trusting_config(path: Path) -> Any:
    """MMEngine imports what a config names, from wherever Python looks; here also from the config's folder."""
    import sys

    sys.path.insert(0, str(path.parent))
    try:
        return Config.fromfile(path)
    finally:
        sys.path.remove(str(path.parent))
        sys.modules.pop('imported_by_a_config', None)


def _read_list(path: Path) -> Any:
    return read_list(path, 'optional')


def _prepare_list(path: Path) -> Any:
    return find_in_list(path, path.parent)
