"""Loads weights from a checkpoint into a module: every parameter of the module must be there, and fit."""

import logging
import pickle
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import WEIGHT_INITIALIZERS
from safetensors.torch import load_file
from torch import Tensor, nn

from cmvl_mm.checkpoints.resolve import CheckpointError, resolve_checkpoint
from cmvl_mm.files.archive import require_stored

from .stand_ins import read_plain
from .wrapped_keys import common_prefix, unwrapped

_ZIP = b'PK\x03\x04'
_WEIGHTS = ('state_dict', 'model_state_dict', 'model')  # MMEngine and Lightning, PyTorch's tutorials, torchvision
_HEADS = (
    'context_head.',
    'motion_head.',
    'residual_head.',
    'cls_head.',
    'pretext_head.',
)  # left out on purpose when only a backbone is loaded
CONVERT = "Remedy for a checkpoint of the authors' release: tools/convert_checkpoint.py."


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """The contents of a checkpoint, on the CPU; `path` as in `resolve_checkpoint`. Never runs code from the file.

    A safetensors file, by its content or its name, gives `dict(state_dict=…)`; any other file is read as torch.save's.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is damaged, or holds more than tensors and plain data.
    """
    path = resolve_checkpoint(path)
    try:
        contents = dict(state_dict=load_file(path)) if _is_safetensors(path) else _read_pickle(path)
    except Exception as error:  # for damaged files torch raises any type
        raise CheckpointError(
            f'{path}: not a readable checkpoint of tensors and plain data ({_cause(error)}). '
            'Remedy: download or write the file again; files that need code to load are refused.'
        ) from error
    if not isinstance(contents, Mapping):
        raise CheckpointError(f'{path}: the file has a {type(contents).__name__}, not a dict of weights')
    return dict(contents)


def classes_in(path: str | Path) -> tuple[str, ...] | None:
    """Names of the classes in a checkpoint of a training; None if it has none.

    Raises:
        FileNotFoundError, CheckpointError: as for `read_checkpoint`.
    """
    meta = read_checkpoint(path).get('meta')
    known = meta.get('dataset_meta') if isinstance(meta, Mapping) else None
    names = known.get('classes') if isinstance(known, Mapping) else None
    return tuple(map(str, names)) if isinstance(names, (list, tuple)) and names else None


def _is_safetensors(path: Path) -> bool:
    """Recognise safetensors by content: eight bytes of header length, then the header's '{'. A file with that suffix
    must be safetensors, and is never unpickled."""
    with open(path, 'rb') as file:
        begin = file.read(9)
    fits = int.from_bytes(begin[:8], 'little') <= path.stat().st_size - 8
    return path.suffix.lower() == '.safetensors' or (fits and begin[8:] == b'{')


def _read_pickle(path: Path) -> Any:
    """Read a file of torch.save, weights only."""
    with open(path, 'rb') as file:
        in_archive = file.read(len(_ZIP)) == _ZIP
    if in_archive:  # otherwise a stream, as torch before 1.6 wrote
        require_stored(path)
    return read_plain(path)


def _cause(error: Exception) -> str:
    """One line of the error that torch's unpickler raised first; torch's own text around it advises to run the file."""
    if isinstance(error, pickle.UnpicklingError) and isinstance(error.__context__, pickle.UnpicklingError):
        error = error.__context__
    return f'{type(error).__name__}: {str(error).strip().partition(chr(10))[0].partition(". ")[0][:300]}'


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The weights of a checkpoint file."""
    return state_dict_of(read_checkpoint(path), source=path)


def state_dict_of(contents: Mapping[str, Any], *, source: str | Path) -> dict[str, Tensor]:
    """The weights of a checkpoint: the value of one of the usual names, or the whole if it is a state dict."""
    name = next((name for name in _WEIGHTS if isinstance(contents.get(name), Mapping)), None)
    weights = contents if name is None else contents[name]
    if not weights or not all(isinstance(value, Tensor) for value in weights.values()):
        raise CheckpointError(
            f'{source}: no state dict found, only {sorted(map(str, contents))[:5]}. '
            "Remedy: write the file with torch.save(dict(state_dict=model.state_dict()), 'weights.pth')."
        )
    return dict(weights)


def load_weights(module: nn.Module, state_dict: Mapping[str, Tensor], *, source: str | Path, prefix: str = '') -> str:
    """Copy weights into a module: missing keys or wrong shapes are an error, unused keys are logged.

    Args:
        module: receives the weights.
        state_dict: the checkpoint's weights.
        source: origin of the weights, for messages.
        prefix: take only keys that start with it, and remove it, e.g. 'backbone.'. If keys are missing, the segments
            that wrappers add (`wrapped_keys`) are removed first.

    Returns:
        A sentence about what was loaded, for the log of a run.

    Raises:
        CheckpointError: a key of the module is missing or has another shape. Then nothing was copied.
    """
    wanted = module.state_dict()
    found = _below(state_dict, prefix)
    if not wanted.keys() <= found.keys():  # perhaps saved from inside a wrapper
        try:
            bare = unwrapped(state_dict)
        except ValueError as error:
            raise CheckpointError(f'{source}: {error}.') from None
        if wanted.keys() <= _below(bare, prefix).keys():
            print_log(f'{source}: removed the prefixes of wrappers from the keys', logger='current')
            state_dict, found = bare, _below(bare, prefix)
    missing = [prefix + key for key in wanted if key not in found]
    misshaped = [
        f'{prefix}{key} is {tuple(found[key].shape)}, but the model needs {tuple(value.shape)}'
        for key, value in wanted.items()
        if key in found and found[key].shape != value.shape
    ]
    if missing or misshaped:
        problems = [f'{len(missing)} keys are missing: {_some(missing)}'] if missing else []
        problems += [f'{len(misshaped)} keys have another shape: {_some(misshaped)}'] if misshaped else []
        hidden = common_prefix([prefix + key for key in wanted], state_dict) if missing else None
        remedy = f'build the model as it was trained. {CONVERT}'
        if hidden is not None:
            remedy = f'all keys start with {hidden!r}: save them without this prefix.'
        raise CheckpointError(
            f'{source} does not fit {type(module).__name__}: {"; ".join(problems)}. '
            f'It has {_census(state_dict)}. Remedy: {remedy}'
        )
    module.load_state_dict({key: found[key] for key in wanted})
    surplus = [key for key in state_dict if not key.startswith(prefix) or key.removeprefix(prefix) not in wanted]
    if surplus:
        expected = bool(prefix) and all(key.startswith(_HEADS) for key in surplus)
        level = logging.INFO if expected else logging.WARNING
        print_log(f'{source}: left out {len(surplus)} keys: {_census(surplus)}', logger='current', level=level)
    return f'{source}: loaded {len(wanted)} keys into {type(module).__name__}'


def _below(state_dict: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}


@WEIGHT_INITIALIZERS.register_module()
class PretrainedBackbone:
    """`init_cfg=dict(type='PretrainedBackbone', checkpoint=...)`: loads all weights of the V-Network.

    MMEngine's `Pretrained` ignores weights that do not fit: with a wrong checkpoint, it silently trains from scratch.

    Args:
        checkpoint: a file, a work directory for its newest checkpoint, a name of the zoo or an address, as in
            `resolve_checkpoint`.
        sha256: full digest of the file; any other file is refused.
    """

    def __init__(self, *, checkpoint: str, sha256: str | None = None) -> None:
        self.checkpoint = checkpoint
        self.sha256 = sha256

    def __call__(self, module: nn.Module) -> None:
        path = resolve_checkpoint(self.checkpoint, sha256=self.sha256)
        backbone = module.get_submodule('backbone')
        loaded = load_weights(backbone, read_state_dict(path), source=path, prefix='backbone.')
        print_log(loaded, logger='current')


def _some(names: list[str], limit: int = 5) -> str:
    return ', '.join(names[:limit]) + (', …' if len(names) > limit else '')


def _census(keys: Any) -> str:
    """'backbone.* (56), motion_head.* (120)'."""
    counts = Counter(key.split('.')[0] for key in keys)
    return ', '.join(f'{name}.* ({count})' for name, count in counts.items()) or 'nothing'
