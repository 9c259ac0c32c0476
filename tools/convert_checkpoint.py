"""Rename the weights of the authors' checkpoints to our names (C3D, R3D-26, R(2+1)D-26), and pretraining back.

python tools/convert_checkpoint.py released.pth ours.pth
python tools/convert_checkpoint.py ours.pth released.pth --to released
python tools/convert_checkpoint.py pytorch_model.pt r2plus1d26.safetensors --sha256 …64 digits…
python tools/convert_checkpoint.py NAME released.pth --to released     # of model_zoo.md

A DST that ends in .safetensors holds tensors and no pickle; its SHA-256 is printed for publishing. SRC may be the
released pretraining or, as a bare network, the released finetuning or ModelScope's damo/cv_r2p1d_video_embedding. The
tool recognises the layout by the keys and prints it.
"""

import argparse
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save

from cmvl_mm.checkpoints.pretrained import CheckpointError, read_state_dict, resolve_checkpoint
from cmvl_mm.checkpoints.released import UnknownKeyError, layout_of, to_ours, to_released
from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.files.digest import DigestError, sha256_of
from cmvl_mm.zoo.address import AddressError, shown
from cmvl_mm.zoo.fields import ManifestError
from cmvl_mm.zoo.locate import AmbiguousNameError

_EXPECTED = (
    OSError,
    CheckpointError,
    DigestError,
    UnknownKeyError,
    AddressError,
    AmbiguousNameError,
    ManifestError,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rename the weights of the authors' checkpoints to ours, and back.")
    parser.add_argument(
        'source',
        metavar='SRC',
        help='a file, a work directory, a name of model_zoo.md or an address, as for tools/test.py; code in it '
        'is never run',
    )
    parser.add_argument('target', type=Path, metavar='DST', help='the file to write; refused if it exists')
    parser.add_argument('--to', choices=('ours', 'released'), default='ours', help='default: %(default)s')
    parser.add_argument('--sha256', metavar='HEX', help='full SHA-256 of SRC; another file is refused')
    return parser.parse_args()


def convert(source: Path, target: Path, to: str) -> str:
    """Read, rename and write; returns three lines about the conversion.

    Raises:
        FileNotFoundError, CheckpointError: SRC is missing or unreadable.
        FileExistsError: DST exists.
        UnknownKeyError: SRC, or a part of it, has an unknown layout. Then nothing is written.
    """
    if target.exists():
        raise FileExistsError(f'{target}: the file exists. Remedy: remove it or name another file.')
    weights = read_state_dict(source)
    if to == 'ours':
        converted, dropped = to_ours(weights), []
        seen = f'read as the layout {layout_of(weights)!r}'
    else:
        converted, dropped = to_released(weights)
        seen = 'read as ours'
    save_whole({'state_dict': converted, 'meta': {'converted_from': source.name}}, target)
    counts = Counter(key.split('.')[0] for key in converted)
    parts = ', '.join(f'{name}.* ({count})' for name, count in counts.items())
    left_out = ', '.join(dropped) or 'nothing'
    return (
        f'{source}: {seen}; left out: {left_out}\n'
        f'{target}: {len(converted)} keys: {parts}\n'
        f'{target}: sha256 {sha256_of(target)}'
    )


def save_whole(contents: dict, target: Path) -> None:
    """Write a checkpoint that gets its name only when complete; .safetensors files hold only the weights."""
    with atomic_write(target, synced=True) as temporary, open(temporary, 'wb') as file:
        if target.suffix == '.safetensors':
            file.write(save({key: value.contiguous().clone() for key, value in contents['state_dict'].items()}))
        else:
            torch.save(contents, file)


def main() -> None:
    args = parse_args()
    try:
        print(convert(resolve_checkpoint(args.source, sha256=args.sha256), args.target, args.to))
    except _EXPECTED as error:
        raise SystemExit(f'{shown(args.source) if "://" in args.source else args.source}: {error}') from error


if __name__ == '__main__':
    main()
