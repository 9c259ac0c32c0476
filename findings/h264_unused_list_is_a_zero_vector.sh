#!/usr/bin/env bash
# H.264 B-frames: a part of a macroblock that does not use a list is exported with a (0, 0) vector of that list.
#
# One would guess: a record with source < 0 says that the block is predicted from list 0 by that vector, and one with
#                  source > 0 says the same of list 1.
# What happens:    where the parts of a macroblock (16x8, 8x16, 8x8) use different lists, FFmpeg exports both lists
#                  for every part. The list that a part does not use comes as (0, 0), which does not exist in the
#                  stream, in list 0 as well as in list 1. 16x16 macroblocks come out right. The record alone does not
#                  tell this zero from a true one; what tells is a record of the other list at the same place.
# Made here:       60 pictures of a texture that moves by (4, 2) px a frame, by libx264 with one B-frame between two
#                  P-frames and one reference. Nothing stands still, so no true vector is zero: by the zero vector a
#                  block is dozens of grey levels off, while the record of the other list finds it again.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   blocks of B-frames by size, vector of list 0 and vector of list 1:
#     16x16  list 0 moving  list 1 moving  2275
#     16x16  list 0 moving  list 1 none    865
#     16x16  list 0 none    list 1 moving  5439
#     16x8   list 0 moving  list 1 zero    36
#     16x8   list 0 zero    list 1 moving  36
#     8x16   list 0 moving  list 1 none    56
#     8x16   list 0 moving  list 1 zero    43
#     8x16   list 0 zero    list 1 moving  43
#     8x8    list 0 moving  list 1 moving  14
#     8x8    list 0 moving  list 1 zero    14
#     8x8    list 0 zero    list 1 moving  28
#   blocks with a zero record: mean difference 55.9 by it, 0.0 by the record of the other list
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import collections
import sys
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT, COUNT, STEP = 320, 240, 60, (4, 2)
X264 = ('bframes=1:b-adapt=0:ref=1:weightb=0:partitions=all:qp=20:keyint=60:scenecut=0:subme=7:me=umh:'
        'no-deblock=1:threads=1')


def texture():
    noise = np.random.default_rng(1).normal(size=(512, 512))
    for _ in range(3):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4
    return np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


with av.open('b.mp4', 'w') as out:
    stream = out.add_stream('libx264', rate=25, options={'x264-params': X264})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(COUNT):
        luma = np.roll(texture(), (STEP[1] * i, STEP[0] * i), (0, 1))[:HEIGHT, :WIDTH]
        planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
        frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
        frame.pts, frame.time_base = i, Fraction(1, 25)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))

with av.open('b.mp4') as source:
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {'flags2': '+export_mvs'}
    lumas, types, records = [], [], []
    for frame in source.decode(stream):
        entry = frame.side_data.get('MOTION_VECTORS')
        lumas.append(frame.to_ndarray()[:HEIGHT].astype(int))
        types.append('?IPB'[int(frame.pict_type)])
        names = ('w', 'h', 'dst_x', 'dst_y', 'source', 'motion_x', 'motion_y')
        records.append([] if entry is None else [tuple(int(r[n]) for n in names) for r in entry.to_ndarray()])

counts, zero_error, other_error = collections.Counter(), [], []


def name(vector):
    return 'none' if vector is None else 'zero' if vector == (0, 0) else 'moving'


def difference(i, place, source_list, vector):
    """Mean difference of the block to where ``vector`` points in the reference; None outside the picture."""
    w, h, x, y = place[0], place[1], place[2] - place[0] // 2, place[3] - place[1] // 2
    sx, sy = x + vector[0] // 4, y + vector[1] // 4
    if not (0 <= sx <= WIDTH - w and 0 <= sy <= HEIGHT - h):
        return None
    reference = lumas[i + source_list]  # the frame before or after
    return np.abs(lumas[i][y : y + h, x : x + w] - reference[sy : sy + h, sx : sx + w]).mean()


for i in (i for i, kind in enumerate(types) if kind == 'B'):
    vectors = {sign: {r[:4]: r[5:] for r in records[i] if r[4] == sign} for sign in (-1, 1)}
    for place in set(vectors[-1]) | set(vectors[1]):
        pair = {sign: vectors[sign].get(place) for sign in (-1, 1)}
        counts[f'{place[0]}x{place[1]}', name(pair[-1]), name(pair[1])] += 1
        for sign in (-1, 1):
            if pair[sign] == (0, 0) and pair[-sign] is not None:
                zero_error.append(difference(i, place, sign, pair[sign]))
                other_error.append(difference(i, place, -sign, pair[-sign]))
zero_error, other_error = [np.array([e for e in errors if e is not None]) for errors in (zero_error, other_error)]

print('blocks of B-frames by size, vector of list 0 and vector of list 1:')
for (size, first, second), count in sorted(counts.items()):
    print(f'  {size:5}  list 0 {first:6}  list 1 {second:6}  {count}')
print(f'blocks with a zero record: mean difference {zero_error.mean():.1f} by it,',
      f'{other_error.mean():.1f} by the record of the other list')
zeros = {key: count for key, count in counts.items() if 'zero' in key[1:]}
paired = {key for key in zeros if sorted(key[1:]) == ['moving', 'zero'] and key[0] != '16x16'}
lists = {key[1:].index('zero') for key in paired}
sys.exit(not (sum(zeros.values()) > 20 and paired == set(zeros) and lists == {0, 1}
              and zero_error.mean() > 20 > 5 > other_error.mean()))
EOF
