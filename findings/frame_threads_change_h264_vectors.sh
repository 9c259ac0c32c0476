#!/usr/bin/env bash
# H.264 with B-frames: frame threads change the exported motion vectors, otherwise at each run. Pixels stay right.
#
# One would guess: thread_type and thread_count change the speed of a decoder and nothing that it gives out.
# What happens:    with frame threads some frames (0 to 19 of 280 in the runs seen) carry other vectors than with one
#                  thread, and the frames concerned differ from run to run. Every pixel is the same, so no check of
#                  pictures sees it. One thread and slice threads repeat exactly. The count is a matter of timing.
# Made here:       280 moving pictures by libx264 with up to three B-frames in a row.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen (two cores):
#   one thread again, slice threads: frames with other vectors [0, 0]
#   round 0, 4 frame threads: other vectors in 2 of 280 frames [74, 257], other pixels in 0
#   round 1, 4 frame threads: other vectors in 3 of 280 frames [1, 9, 257], other pixels in 0
#   round 2, 4 frame threads: other vectors in 3 of 280 frames [9, 41, 245], other pixels in 0
#   round 3, 4 frame threads: other vectors in 0 of 280 frames [], other pixels in 0
# Exits 0 when frame threads change a frame's vectors in at least one of up to 20 rounds, 1 when they never do.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT = 320, 240
FIELDS = ['source', 'w', 'h', 'src_x', 'src_y', 'dst_x', 'dst_y', 'motion_x', 'motion_y']  # without the padding


def texture():
    noise = np.random.default_rng(1).normal(size=(512, 512))
    for _ in range(3):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4
    return np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


ground = texture()
with av.open('b.mp4', 'w') as out:
    stream = out.add_stream('libx264', rate=25, options={'x264-params': 'bframes=3:threads=1'})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(280):
        luma = np.roll(ground, (2 * i, 4 * i), (0, 1))[:HEIGHT, :WIDTH]
        planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
        frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
        frame.pts, frame.time_base = i, Fraction(1, 25)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def decode(kind, threads):
    with av.open('b.mp4') as source:
        stream = source.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = kind, threads
        stream.codec_context.options = {'flags2': '+export_mvs'}
        found = []
        for frame in source.decode(stream):
            entry = frame.side_data.get('MOTION_VECTORS')
            records = [] if entry is None else entry.to_ndarray()[FIELDS].tolist()
            found.append((records, frame.to_ndarray().tobytes()))
        return found


def changes(found, truth):
    """Frames whose vectors differ, frames whose pixels differ."""
    assert len(found) == len(truth)
    pairs = list(zip(found, truth))
    return [i for i, (a, b) in enumerate(pairs) if a[0] != b[0]], [i for i, (a, b) in enumerate(pairs) if a[1] != b[1]]


truth = decode('NONE', 1)
steady = [changes(decode(kind, threads), truth) for kind, threads in (('NONE', 1), ('SLICE', 4))]
print('one thread again, slice threads: frames with other vectors', [len(v) for v, _ in steady])
seen = []
for number in range(20):
    vectors, pixels = changes(decode('FRAME', 4), truth)
    seen.append((len(vectors), len(pixels)))
    print(f'round {number}, 4 frame threads: other vectors in {len(vectors)} of {len(truth)} frames {vectors[:5]},',
          f'other pixels in {len(pixels)}')
    if number >= 3 and any(v for v, _ in seen):
        break
sys.exit(not (any(v for v, _ in seen) and not any(p for _, p in seen) and not any(v for v, _ in steady)))
EOF
