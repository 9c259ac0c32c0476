#!/usr/bin/env bash
# MPEG-4 Part 2: every exported motion vector of a B-frame is zero, although the picture moves.
#
# One would guess: FFmpeg's flags2=+export_mvs gives the vectors of B-frames, as it does for MPEG-2 and H.264.
# What happens:    each B-frame has its full number of records, forward and backward, and every one is (0, 0). The
#                  same frames come out with right pixels, so the decoder itself uses other vectors.
# Made here:       25 pictures of a texture that moves by (4, 2) px a frame, coded by FFmpeg's own encoders. A vector
#                  points from the block to its source, so a forward one is about (-4, -2) a frame of distance.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   mpeg2video: 6193 vectors in B-frames, 6 of them (0, 0); largest mean pixel error of a B-frame 1.36
#     most frequent: (4.0, 2.0) 2036, (8.0, 4.0) 1481, (-4.0, -2.0) 1197, (-8.0, -4.0) 925
#   mpeg4: 7783 vectors in B-frames, 7783 of them (0, 0); largest mean pixel error of a B-frame 1.29
#     most frequent: (0.0, 0.0) 7783
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

WIDTH, HEIGHT, COUNT, STEP = 320, 240, 25, (4, 2)


def texture():
    noise = np.random.default_rng(1).normal(size=(512, 512))
    for _ in range(3):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4
    return np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


PICTURES = [np.roll(texture(), (STEP[1] * i, STEP[0] * i), (0, 1))[:HEIGHT, :WIDTH] for i in range(COUNT)]


def write(path, codec):
    options = {'bf': '2', 'g': '50', 'qmin': '2', 'qmax': '2', 'b': '50000000'}
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i, luma in enumerate(PICTURES):
            planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def vectors_of_b_frames(path):
    counts, error = collections.Counter(), 0.0
    with av.open(path) as source:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {'flags2': '+export_mvs'}
        for i, frame in enumerate(source.decode(stream)):
            if frame.pict_type != av.video.frame.PictureType.B:
                continue
            error = max(error, np.abs(frame.to_ndarray()[:HEIGHT].astype(int) - PICTURES[i]).mean())
            for record in frame.side_data.get('MOTION_VECTORS').to_ndarray():
                scale = int(record['motion_scale'])
                counts[int(record['motion_x']) / scale, int(record['motion_y']) / scale] += 1
    return counts, error


zero_share = {}
for codec, path in (('mpeg2video', 'b.ts'), ('mpeg4', 'b.mp4')):
    write(path, codec)
    counts, error = vectors_of_b_frames(path)
    zero_share[codec] = counts[0, 0] / counts.total()
    print(f'{codec}: {counts.total()} vectors in B-frames, {counts[0, 0]} of them (0, 0);',
          f'largest mean pixel error of a B-frame {error:.2f}')
    print('  most frequent:', ', '.join(f'{vector} {count}' for vector, count in counts.most_common(4)))
sys.exit(not (zero_share['mpeg4'] == 1 and zero_share['mpeg2video'] < 0.01 and error < 4))
EOF
