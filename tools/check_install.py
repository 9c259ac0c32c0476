"""Check an installed cmvl_mm from a folder outside the checkout, to find files missing in the wheel.

python tools/check_install.py light     # without extras: reader and command line
python tools/check_install.py train     # with cmvl_mm[train]: every module, a config by name, a model of the zoo
"""

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cmvl_mm

LIGHT = ('files', 'bitstream', 'video', 'controlled', 'prepare', 'cli', 'workflows.configs')
"""Parts whose modules need only PyAV, NumPy, Click and tqdm, except for"""
NEED_MORE = ('prepare.tvl1', 'video.torch')


def module_names(parts: tuple[str, ...] = ('',)) -> list[str]:
    """Names of all modules below some parts of the package; ('',) means the whole package."""
    found = (module.name.removeprefix('cmvl_mm.') for module in pkgutil.walk_packages(cmvl_mm.__path__, 'cmvl_mm.'))
    if parts == ('',):
        return list(found)
    below, more = (tuple(f'{part}.' for part in some) for some in (parts, NEED_MORE))
    return [name for name in found if f'{name}.'.startswith(below) and not f'{name}.'.startswith(more)]


def import_all(names: list[str]) -> None:
    """Import every module by its name below cmvl_mm."""
    for name in names:
        importlib.import_module(f'cmvl_mm.{name}')
    print(f'{len(names)} modules of {cmvl_mm.__path__[0]} import.')


def cmvl(*words: str) -> str:
    """Run the installed command `cmvl` and return its output."""
    command = [str(Path(sys.executable).with_name('cmvl')), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_light() -> None:
    import numpy as np

    from cmvl_mm.cli.main import COMMANDS
    from cmvl_mm.video import CompressedVideo
    from cmvl_mm.video.encode import write_video

    import_all(module_names(LIGHT))
    try:
        importlib.import_module('cmvl_mm.video.torch')
    except ModuleNotFoundError as error:
        print(error)
    else:
        raise SystemExit('torch is installed: this is not an install without extras')
    if 'Commands' not in cmvl('--help') or 'demo/retrieval' not in cmvl('config', 'list'):
        raise SystemExit('cmvl --help or cmvl config list prints unexpected text')
    write_video([np.full((64, 64, 3), 8 * number, np.uint8) for number in range(24)], Path('made.mp4'))
    with CompressedVideo('made.mp4') as video:
        rgb, motion = video.read(rgb=video.keyframes, motion=range(video.num_frames))
    print(f'made.mp4: {len(rgb)} key frames, vectors {motion.vectors.shape}')
    if 'info' in COMMANDS:
        print(cmvl('info', 'made.mp4'))


def check_train() -> None:
    import_all(module_names())
    from cmvl_mm import hub, load_config

    print(f'demo/retrieval: {load_config("demo/retrieval").filename}')
    print(f'{hub.names()[0]}: {type(hub.load(hub.names()[0])).__name__}')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('install', choices=['light', 'train'])
    check = {'light': check_light, 'train': check_train}[parser.parse_args().install]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check()
        os.chdir('/')


if __name__ == '__main__':
    main()
