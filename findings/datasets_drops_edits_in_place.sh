#!/usr/bin/env bash
# datasets: an image that was edited in place is stored as the file that it was opened from.
#
# One would guess: a data set made of Pillow images, or a map() that returns them, holds the pixels that they have.
# What happens:    an image that was opened from a file is stored as its path alone, so what was done to it since is
#                  gone: thumbnail(), ImageDraw and paste() change an image in place and keep its `filename`. A map()
#                  that blanks faces or shrinks frames gives back the originals, in full size. The same map() works
#                  where the images come out of a parquet file, as these have no file name, and after methods that
#                  return a new image, such as resize(). No error, no warning.
# Made here:       four random pictures of 640x480, as .jpg; a map() over them, and from_dict() with edited images.
# Versions:        datasets 5.2.0, pillow 13.0.0, numpy 2.4.6
# Output seen:
#   blank    : map() over files keeps 0 of 4, map() over parquet keeps 4 of 4, from_dict() keeps 0 of 4
#   thumbnail: map() over files keeps 0 of 4, map() over parquet keeps 4 of 4, from_dict() keeps 0 of 4
#   resize   : map() over files keeps 4 of 4, map() over parquet keeps 4 of 4, from_dict() keeps 4 of 4
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
HF_HOME="$work/cache" HF_HUB_OFFLINE=1 HF_DATASETS_DISABLE_PROGRESS_BARS=1 venv/bin/python -I -W ignore - <<'EOF'
import sys

import numpy as np
from datasets import Dataset, Image
from PIL import Image as Pillow
from PIL import ImageDraw

COUNT, SIZE, SMALL = 4, (640, 480), (64, 48)
rng = np.random.default_rng(0)
paths = [f'{i}.jpg' for i in range(COUNT)]
for path in paths:
    Pillow.fromarray(rng.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)).save(path)


def blank(image):
    ImageDraw.Draw(image).rectangle((0, 0, *image.size), fill='black')
    return image


def thumbnail(image):
    image.thumbnail(SMALL)
    return image


def resize(image):
    return image.resize(SMALL)


def as_wanted(images, edit):
    return sum(not np.any(image) if edit is blank else image.size == SMALL for image in images)


from_files = Dataset.from_dict({'image': paths}).cast_column('image', Image())
with_bytes = [{'bytes': open(path, 'rb').read(), 'path': None} for path in paths]
Dataset.from_dict({'image': with_bytes}).cast_column('image', Image()).to_parquet('rows.parquet')
from_parquet = Dataset.from_parquet('rows.parquet')
holds = True
for edit in (blank, thumbnail, resize):
    kept = {
        'map() over files': from_files.map(lambda row, edit=edit: {'image': edit(row['image'])})['image'],
        'map() over parquet': from_parquet.map(lambda row, edit=edit: {'image': edit(row['image'])})['image'],
        'from_dict()': Dataset.from_dict({'image': [edit(Pillow.open(path)) for path in paths]})['image'],
    }
    counts = {name: as_wanted(images, edit) for name, images in kept.items()}
    print(f'{edit.__name__:9}: ' + ', '.join(f'{name} keeps {count} of {COUNT}' for name, count in counts.items()))
    lost = 0 if edit is not resize else COUNT
    holds &= counts == {'map() over files': lost, 'map() over parquet': COUNT, 'from_dict()': lost}
sys.exit(not holds)
EOF
