#!/usr/bin/env bash
# FFmpeg's filter mestimate: its motion vectors lack motion_x, motion_y and motion_scale, which hold old memory.
#
# One would guess: it gives AVMotionVector records as decoders do, so motion_x / motion_scale is the displacement, for
#                  each frame and the whole picture.
# What happens:    the filter fills in src and dst alone. The other three fields have what was in the memory: 0, large
#                  numbers of both signs, another one at each run. They look like vectors in part, a scale of 0 divides
#                  by zero. dst - src is right. Beside that 6 frames give 5: the last never comes out. The first has
#                  backward vectors, all (0, 0), as it is compared with itself. A part of a block at the right and
#                  lower edge has no record: 330x136 is covered to 320x128.
# Made here:       330x136 pixels of a texture that moves to the right by 4 pixels a frame.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen (the numbers of scales vary):
#   6 frames in, 5 out
#   frame 0: 320 records, to [320, 128]; dst - src backward 0, forward -4; fields agree in 0; 6 scales, 0 in 176
#   frame 1: 320 records, to [320, 128]; dst - src backward 4, forward -4; fields agree in 0; 8 scales, 0 in 6
#   frame 2: 320 records, to [320, 128]; dst - src backward 4, forward -4; fields agree in 0; 162 scales, 0 in 127
#   frame 3: 320 records, to [320, 128]; dst - src backward 4, forward -4; fields agree in 0; 71 scales, 0 in 90
#   frame 4: 320 records, to [320, 128]; dst - src backward 4, forward -4; fields agree in 0; 87 scales, 0 in 89
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from collections import Counter
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

COUNT, WIDTH, HEIGHT, STEP = 6, 330, 136, 4
noise = np.random.default_rng(0).normal(size=(HEIGHT, 1000))
for _ in range(20):
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
TEXTURE = np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


def frames():
    for i in range(COUNT):
        left = 500 - STEP * i
        picture = np.repeat(TEXTURE[:, left : left + WIDTH, None], 3, 2)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24').reformat(format='yuv420p')
        frame.pts, frame.time_base = i, Fraction(1, 25)
        yield frame


def estimated(source):
    graph = Graph()
    buffer = graph.add_buffer(width=WIDTH, height=HEIGHT, format='yuv420p', time_base=Fraction(1, 25))
    graph.link_nodes(buffer, graph.add('mestimate', 'method=esa'), graph.add('buffersink'))
    graph.configure()
    found = []
    for frame in [*source, None]:
        graph.push(frame)
        while True:
            try:
                found.append(graph.pull())
            except (BlockingIOError, EOFError):
                break
    return found


def records(frame):
    return frame.side_data.get('MOTION_VECTORS').to_ndarray()


def most(values):
    value, times = Counter(values.tolist()).most_common(1)[0]
    return value, times / len(values)


found = estimated(frames())
print(f'{COUNT} frames in, {len(found)} out')
holds = len(found) == COUNT - 1
for number, frame in enumerate(found):
    vectors = records(frame)
    moved = vectors['dst_x'].astype(int) - vectors['src_x']
    # what a decoder writes: motion = scale * (src - dst)
    scale = vectors['motion_scale'].astype(int)
    as_field = (scale > 0) & (vectors['motion_x'] == -moved * scale)
    corner = [int((vectors[f'dst_{axis}'] + vectors[size] // 2).max()) for axis, size in (('x', 'w'), ('y', 'h'))]
    (back, back_share), (ahead, ahead_share) = (most(moved[vectors['source'] == side]) for side in (-1, 1))
    print(f'frame {number}: {len(vectors)} records, to {corner}; dst - src backward {back}, forward {ahead}; '
          f'fields agree in {as_field.sum()}; {len(np.unique(scale))} scales, 0 in {np.count_nonzero(scale == 0)}')
    holds &= corner == [320, 128] and as_field.sum() < 20 and min(back_share, ahead_share) > 0.9
    holds &= (back, ahead) == (STEP if number else 0, -STEP)
sys.exit(not holds)
EOF
