#!/usr/bin/env bash
# MPEG-1 and MPEG-2: the last frame of a file has no motion vectors, whatever its type.
#
# One would guess: every P-frame carries motion vectors, and whether it does depends on the frame alone.
# What happens:    the same P-frame, from the same bytes, has vectors when another packet follows it and none when it
#                  is the last. The decoder holds one picture back and adds no side data to what it gives out at the
#                  flush. A missing entry is also the mark of an I-frame, so the frame looks like one without motion.
# Made here:       25 moving pictures, one I-frame and 24 P-frames; then the same stream cut off by packets.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   mpeg1video: frame 19 of 25: P: 300 vectors; the same frame as the last of 20: P: none; last of 25: P: none
#   mpeg2video: frame 19 of 25: P: 299 vectors; the same frame as the last of 20: P: none; last of 25: P: none
#   mpeg4: frame 19 of 25: P: 300 vectors; the same frame as the last of 20: P: 300 vectors; last of 25: P: 299 vectors
# Exits 0 while this holds, 1 when the behaviour has changed.
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
BLOCKS = np.kron(np.random.default_rng(2).integers(30, 220, (40, 60), dtype=np.uint8), np.ones((8, 8), np.uint8))


def write(path, codec):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options={'g': '50', 'bf': '0'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(25):
            luma = np.ascontiguousarray(BLOCKS[i : i + HEIGHT, 2 * i : 2 * i + WIDTH])
            planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def decode(path, limit):
    """"I: none" or "P: 300 vectors" for each frame, when only the first ``limit`` packets are given."""
    with av.open(path) as source:
        stream = source.streams.video[0]
        context = stream.codec_context
        context.thread_count, context.options = 1, {'flags2': '+export_mvs'}
        packets = [packet for packet in source.demux(stream) if packet.size][:limit]
        frames = [frame for packet in packets for frame in context.decode(packet)] + context.decode(None)
        found = []
        for frame in frames:
            entry = frame.side_data.get('MOTION_VECTORS')
            vectors = 'none' if entry is None else f'{len(entry.to_ndarray())} vectors'
            found.append(f'{"?IPB"[int(frame.pict_type)]}: {vectors}')
        return found


holds = True
for codec, path in (('mpeg1video', 'p.mpg'), ('mpeg2video', 'p.ts'), ('mpeg4', 'p.mp4')):
    write(path, codec)
    whole, cut = decode(path, None), decode(path, 20)
    print(f'{codec}: frame 19 of 25: {whole[19]}; the same frame as the last of 20: {cut[19]};',
          f'last of 25: {whole[24]}')
    present = ['none' not in found[i] for found in (whole, cut) for i in range(1, len(found))]
    holds &= all(found.startswith('P') for found in whole[1:])
    holds &= present == ([True] * 43 if codec == 'mpeg4' else [True] * 23 + [False] + [True] * 18 + [False])
sys.exit(not holds)
EOF
