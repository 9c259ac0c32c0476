#!/usr/bin/env bash
# Exported vectors of interlaced video: one and the same pan reads half as high in H.264, twice as high in MPEG-4.
#
# One would guess: motion_y / motion_scale is in lines of the frame, as it is for progressive video and as dst_y is,
#                  or each codec counts lines of a field.
# What happens:    for a pan of (4, 8) px a frame, blocks predicted field by field read (4, 4) in H.264: lines of a
#                  field. In MPEG-4 Part 2 they read (4, 16), twice the lines of the frame; in MPEG-2 they read (4,
#                  8). A record does not say which kind it is: H.264's have 16x16 px like any other.
# Made here:       a texture whose two fields are half a frame apart in time, by libx264 (tff=1) and FFmpeg's mpeg4
#                  and mpeg2video encoders (ilme, ildct); every decoded frame is flagged as interlaced. For comparison
#                  the same pictures coded as progressive.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   H.264 progressive.mp4  0 of 8 frames flagged; 2630 of 3012 records: 16x16 px, (4, 8)
#   H.264 interlaced.mp4   8 of 8 frames flagged; 2691 of 2785 records: 16x16 px, (4, 4)
#   MPEG-4 interlaced.mp4  8 of 8 frames flagged; 4264 of 5033 records: 16x8 px, (4, 16)
#   MPEG-2 interlaced.ts   8 of 8 frames flagged; 4052 of 4262 records: 16x8 px, (4, 8)
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

import av
import numpy as np

WIDTH, HEIGHT, FRAMES = 352, 288, 8
ACROSS, DOWN = 4, 8  # px a frame
noise = np.random.default_rng(0).normal(size=(1024, 1024))
for _ in range(8):
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
TEXTURE = np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)
X264 = 'bframes=0:keyint=30:ref=1'
FFMPEG = {'qmin': '2', 'qmax': '2', 'b': '100000000', 'g': '30', 'bf': '0'}
FILES = {
    'H.264 progressive.mp4': ('libx264', {'crf': '10', 'x264-params': X264}, (4, 8)),
    'H.264 interlaced.mp4': ('libx264', {'crf': '10', 'x264-params': X264 + ':tff=1'}, (4, 4)),
    'MPEG-4 interlaced.mp4': ('mpeg4', FFMPEG | {'flags': '+ilme+ildct'}, (4, 16)),
    'MPEG-2 interlaced.ts': ('mpeg2video', FFMPEG | {'flags': '+ilme+ildct'}, (4, 8)),
}


def picture(index):
    lines = np.empty((HEIGHT, WIDTH), np.uint8)
    for field in (0, 1):
        time = index + field / 2
        top, left = round(400 - DOWN * time), round(400 - ACROSS * time)
        lines[field::2] = TEXTURE[top : top + HEIGHT, left : left + WIDTH][field::2]
    return np.repeat(lines[..., None], 3, 2)


def encode(path, codec, options):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for path, (codec, options, expected) in FILES.items():
    encode(path, codec, options)
    seen, flagged = Counter(), 0
    with av.open(path) as source:
        source.streams.video[0].codec_context.options = {'flags2': '+export_mvs'}
        for frame in source.decode(video=0):
            flagged += frame.interlaced_frame
            vectors = frame.side_data.get('MOTION_VECTORS')
            if vectors is not None:
                records = vectors.to_ndarray()
                x, y = (-records[name] / records['motion_scale'] for name in ('motion_x', 'motion_y'))
                seen.update(zip(records['w'].tolist(), records['h'].tolist(), x.tolist(), y.tolist()))
    ((width, height, x, y), times), *_ = seen.most_common()
    print(f'{path:22} {flagged} of {FRAMES} frames flagged; {times} of {seen.total()} records: {width}x{height} px, '
          f'({x:g}, {y:g})')
    holds &= (x, y) == expected and flagged == (0 if 'progressive' in path else FRAMES) and times > seen.total() / 2
sys.exit(not holds)
EOF
