#!/usr/bin/env bash
# H.264 in .avi: frames come out in the right order with time stamps that go back.
#
# One would guess: a decoder gives frames by rising pts, so frame.time is when it is shown, and sorting by it changes
#                  nothing.
# What happens:    .avi has no times of presentation, and FFmpeg gives frames those of decoding. With x264's default
#                  B-frames they go back 14 times in 60 frames, so sorting by time changes the order of the pictures;
#                  without B-frames they rise, one frame late. The same encoding in .mp4 is right. No frame lacks a
#                  time and nothing warns.
# Made here:       60 pictures, each with its number as bars, by libx264 with its default B-frames and without.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   B-frames.mp4     60 frames in order; times [0, 1, 2, 3, 4, 5, 6, 7], 0 go back, 0 off; sorted by time right
#   B-frames.avi     60 frames in order; times [1, 2, 3, 4, 6, 5, 7, 8], 14 go back, 46 off; sorted by time wrong
#   no B-frames.avi  60 frames in order; times [1, 2, 3, 4, 5, 6, 7, 8], 0 go back, 60 off; sorted by time right
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys

import av
import numpy as np

COUNT, WIDTH, HEIGHT, RATE = 60, 160, 64, 25


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, parameters):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=RATE, options={'x264-params': parameters})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for path, parameters in (('B-frames.mp4', ''), ('B-frames.avi', ''), ('no B-frames.avi', 'bframes=0')):
    encode(path, parameters)
    with av.open(path) as source:
        decoded = source.decode(video=0)
        frames = [(round(frame.time * RATE), number_of(frame.to_ndarray(format='rgb24'))) for frame in decoded]
    times, numbers = zip(*frames)
    back = sum(b <= a for a, b in zip(times, times[1:]))
    wrong = sum(time != number for time, number in frames)
    by_time = [number for _, number in sorted(frames)] == list(range(COUNT))
    order = 'in order' if numbers == tuple(range(COUNT)) else 'out of order'
    print(f'{path:16} {len(frames)} frames {order}; times '
          f'{list(times[:8])}, {back} go back, {wrong} off; sorted by time {"right" if by_time else "wrong"}')
    holds &= numbers == tuple(range(COUNT)) and (back > 0 and wrong > 10 and not by_time) == (path == 'B-frames.avi')
sys.exit(not holds)
EOF
