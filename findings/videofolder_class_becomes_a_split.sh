#!/usr/bin/env bash
# datasets, videofolder: a class folder or a file name with "training", "test" or "dev" in it is all that is loaded.
#
# One would guess: of one folder of videos a class, load_dataset('videofolder') loads all, with the folders as labels.
# What happens:    the words train, training, test, testing, eval, evaluation, val, valid, validation and dev name a
#                  split, wherever they stand in a path between digits, spaces or any of - _ . /. As soon as one path
#                  has such a word, the videos without one are left out. Kinetics has the class "training dog": of a
#                  folder with it only this class is loaded, as the split "train", without labels. The class "train"
#                  beside "bus" and "car", or one file called "crash test 7.mp4" in any folder, does the same. No error,
#                  no warning. data_files='**' gives all videos, with labels.
# Made here:       one MPEG-4 video, copied three times into each class folder.
# Versions:        datasets 5.2.0, av 18.1.0
# Output seen:
#   three of Kinetics:  9 videos; train has  9, of riding a bike, surfing water, walking the dog; labels
#   four of Kinetics : 12 videos; train has  3, of training dog; no labels
#   the same by files: 12 videos; train has 12, of riding a bike, surfing water, training dog, walking the dog; labels
#   vehicles         :  9 videos; train has  3, of train; no labels
#   one file name    :  7 videos; test has  1, of driving; no labels
#   warnings: 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 datasets==5.2.0
HF_HUB_OFFLINE=1 HF_HOME="$work/home" venv/bin/python -I - <<'EOF'
import logging
import shutil
import sys
from pathlib import Path

import av
import datasets
import numpy as np

EACH = 3
datasets.disable_progress_bars()
records = []
listener = logging.Handler(logging.WARNING)
listener.emit = records.append
datasets.utils.logging.get_logger('datasets').addHandler(listener)
with av.open('one.mp4', 'w') as out:
    stream = out.add_stream('mpeg4', rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
    for level in (40, 90, 140):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), level, np.uint8), format='rgb24')))
    out.mux(stream.encode(None))


def load(title, folders, extra=(), **options):
    root = Path(title.replace(' ', '_'))
    paths = [root / folder / f'{number}.mp4' for folder in folders for number in range(EACH)]
    for path in [*paths, *(root / name for name in extra)]:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy('one.mp4', path)
    found = datasets.load_dataset('videofolder', data_dir=str(root), **options)
    result = {}
    for split, items in found.items():
        label = items.features.get('label')
        items = items.cast_column('video', datasets.Video(decode=False))
        kept = sorted({Path(item['path']).parent.name for item in items['video']})
        result[split] = len(items), label.names if label else None
        print(f'{title:17}: {len(paths) + len(extra):2} videos; {split} has {len(items):2}, of {", ".join(kept)}; '
              f'{"labels" if label else "no labels"}')
    return result


three = ['riding a bike', 'surfing water', 'walking the dog']
four = sorted([*three, 'training dog'])
holds = load('three of Kinetics', three) == {'train': (9, three)}
holds &= load('four of Kinetics', four) == {'train': (3, None)}
holds &= load('the same by files', four, data_files='**') == {'train': (12, four)}
holds &= load('vehicles', ['bus', 'car', 'train']) == {'train': (3, None)}
holds &= load('one file name', ['driving', 'parking'], ['driving/crash test 7.mp4']) == {'test': (1, None)}
print('warnings:', len(records))
sys.exit(not (holds and not records))
EOF
