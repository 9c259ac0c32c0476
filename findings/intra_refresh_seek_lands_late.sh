#!/usr/bin/env bash
# H.264 with intra refresh: a seek to a time gives a first frame that is later than the time asked for.
#
# One would guess: seek() goes back to a key frame at or before the time, so the first frame decoded is not later than
#                  it, and decoding on from there meets the frame that one wants.
# What happens:    the packets of recovery points are flagged as key frames in mp4, Matroska and MPEG-TS, although
#                  they hold P-frames. The seek lands there, and the decoder gives out nothing until the refresh is
#                  complete. The frames between are passed over without an error or a flag, the one asked for among
#                  them. Frames themselves say the truth: one key frame, one I-frame. A sequential decode gives all
#                  60.
# Made here:       60 moving pictures by libx264 with intra-refresh=1 and keyint=20.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   a.mp4: 60 frames; key packets [0, 20, 40]; key frames [0], I-frames [0]
#     seek to frame 25: the first frame is 38, flagged as damaged: False
#   a.mkv: 60 frames; key packets [0, 20, 40]; key frames [0], I-frames [0]
#     seek to frame 25: the first frame is 38, flagged as damaged: False
#   a.ts: 60 frames; key packets [0, 20, 40]; key frames [0], I-frames [0]
#     seek to frame 25: the first frame is 58, flagged as damaged: False
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

WIDTH, HEIGHT, COUNT, ASKED = 320, 240, 60, 25
BLOCKS = np.kron(np.random.default_rng(0).integers(30, 220, (30, 40), dtype=np.uint8), np.ones((8, 8), np.uint8))


def write(path):
    parameters = 'intra-refresh=1:keyint=20:bframes=0:threads=1'
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'x264-params': parameters})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            planes = np.vstack([np.roll(BLOCKS, 2 * i, 1), np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for path in ('a.mp4', 'a.mkv', 'a.ts'):
    write(path)
    with av.open(path) as source:
        keys = [i for i, p in enumerate(p for p in source.demux(video=0) if p.size) if p.is_keyframe]
    with av.open(path) as source:
        frames = list(source.decode(video=0))
    flagged = [i for i, frame in enumerate(frames) if frame.key_frame]
    intra = [i for i, frame in enumerate(frames) if frame.pict_type == av.video.frame.PictureType.I]
    with av.open(path) as source:
        stream = source.streams.video[0]
        source.seek(frames[ASKED].pts, stream=stream)
        rest = list(source.decode(stream))
    first = [frame.pts for frame in frames].index(rest[0].pts)
    print(f'{path}: {len(frames)} frames; key packets {keys}; key frames {flagged}, I-frames {intra}')
    print(f'  seek to frame {ASKED}: the first frame is {first}, flagged as damaged: {rest[0].is_corrupt}')
    holds &= len(frames) == COUNT and len(keys) > 1 and flagged == intra == [0]
    holds &= first > ASKED and not rest[0].is_corrupt
sys.exit(not holds)
EOF
