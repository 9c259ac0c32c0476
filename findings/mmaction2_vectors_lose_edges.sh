#!/usr/bin/env bash
# MMAction2's PyAVDecodeMotionVector: the last row and column of blocks stay zero, and a long vector ends the reading.
#
# One would guess: motion_vectors holds the decoder's vector at each pixel, for a pan the same one everywhere.
# What happens:    a block that ends where the picture ends is left out, though it lies inside. So the last column and
#                  the last row of blocks are zero in every frame, which is also what a block at rest gives. The map
#                  has int8, so with NumPy 2 a vector of 128 px or more is an OverflowError that names no file.
# Made here:       a texture that moves to the right, by FFmpeg's mpeg4 encoder: by 4 px a frame, and by 4 px more at
#                  each frame, up to 140. Beside the map stand the records of the same frame. The wheel lacks
#                  mmaction.models.localizers.drn, which its own models import: an empty one stands in for it.
# Versions:        mmaction2 1.2.0, mmcv-lite 2.1.0, mmengine 0.10.7, av 18.1.0 (FFmpeg 8.1.2), torch 2.13.0 (CPU
#                  build; on Linux the default build is large)
# Output seen:
#   640x128: 320 records, 320 of them 4 px to the right
#     painted: 4 px; not zero in the last row 0 px, in the last column 0 px
#   640x128: 274 records, 248 of them 140 px to the right
#     painted: OverflowError: Python integer 128 out of bounds for int8
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 mmcv-lite==2.1.0 \
    mmaction2==1.2.0 av==18.1.0 numpy==2.4.6 importlib_metadata==10.2.0 'setuptools<81'
venv/bin/python -I -W ignore - <<'EOF'
import sys
from collections import Counter
from types import ModuleType

import av
import numpy as np

for name in ('mmaction.models.localizers.drn', 'mmaction.models.localizers.drn.drn'):
    sys.modules[name] = ModuleType(name)
    sys.modules[name].DRN = None
from mmaction.datasets.transforms import PyAVDecodeMotionVector

noise = np.random.default_rng(0).normal(size=(128, 4096))
for _ in range(20):
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
TEXTURE = np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


def encode(path, width, steps):
    """The texture moves to the right, by steps[i] pixels before frame i + 1."""
    with av.open(path, 'w') as out:
        options = {'bf': '0', 'g': '100', 'qmin': '2', 'qmax': '2', 'b': '90000000', 'sc_threshold': '1000000000'}
        stream = out.add_stream('mpeg4', rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, 128, 'yuv420p'
        for i in range(len(steps) + 1):
            left = 3000 - sum(steps[:i])
            picture = np.repeat(TEXTURE[:, left : left + width, None], 3, 2)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def raw(path, index):
    """The records' most frequent displacement, and their number."""
    with av.open(path) as source:
        source.streams.video[0].codec_context.options = {'flags2': '+export_mvs'}
        frames = list(source.decode(video=0))
        records = frames[index].side_data.get('MOTION_VECTORS').to_ndarray()
        across = (-records['motion_x'] / records['motion_scale']).tolist()
        return Counter(across).most_common(1)[0], len(records)


def painted(path, index):
    reader = av.open(path)
    loaded = PyAVDecodeMotionVector()({'video_reader': reader, 'frame_inds': np.array([index])})
    reader.close()
    return loaded['motion_vectors'][0]


holds = True
for steps in ([4, 4], list(range(4, 144, 4))):
    encode('a.mp4', 640, steps)
    (most, times), number = raw('a.mp4', len(steps))
    print(f'640x128: {number} records, {times} of them {most:g} px to the right')
    try:
        across = painted('a.mp4', len(steps))[..., 0]
    except OverflowError as error:
        print(f'  painted: OverflowError: {error}')
        holds &= most == 140
    else:
        inside = Counter(across[:112, :624].ravel().tolist()).most_common(1)[0][0]
        edges = np.count_nonzero(across[112:]), np.count_nonzero(across[:, 624:])
        print(f'  painted: {inside} px; not zero in the last row {edges[0]} px, in the last column {edges[1]} px')
        holds &= most == inside == 4 and times == 320 and edges == (0, 0)
sys.exit(not holds)
EOF
