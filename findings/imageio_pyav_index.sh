#!/usr/bin/env bash
# imageio's PyAV plugin: index=i reads another frame than the i-th, one off in MPEG-4, tens off at a variable rate.
#
# One would guess: imread(path, index=i, plugin='pyav') is frame i, as the docstring says. constant_framerate=None,
#                  "read from the container format", makes it slower where rates may vary, not wrong.
# What happens:    the container's flag says what a format may hold, not what the file holds, so it makes a frame of
#                  its time times the rate. At a constant rate MPEG-4 with B-frames in .avi gives the frame before in
#                  three of four cases, and H.264 with open groups of pictures the key frame that follows. At a
#                  variable rate in .mp4 nearly all are wrong. constant_framerate=False is right in all of them.
# Made here:       120 pictures, each with its number as bars, by libx264 and FFmpeg's mpeg4 encoder.
# Versions:        imageio 2.38.1, av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   H.264, closed groups.mp4  0 of 40 wrong, offsets 0 to 0; with constant_framerate=False 0 wrong
#   H.264, open groups.mp4    5 of 40 wrong, offsets 0 to 3; with constant_framerate=False 0 wrong
#   MPEG-4, B-frames.avi      33 of 40 wrong, offsets -1 to 0; with constant_framerate=False 0 wrong
#   H.264, variable rate.mp4  39 of 40 wrong, offsets -41 to 0; with constant_framerate=False 0 wrong
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 imageio==2.38.1 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import imageio.v3 as iio
import numpy as np

COUNT, WIDTH, HEIGHT = 120, 160, 64
X264 = 'keyint=20:min-keyint=20:scenecut=0:bframes=3:b-adapt=0:open-gop='
EVEN = list(range(COUNT))
UNEVEN = np.cumsum([1 + i * 7 % 5 for i in range(COUNT)]).tolist()  # in 25ths of a second
FILES = {
    'H.264, closed groups.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '0'}, EVEN),
    'H.264, open groups.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '1'}, EVEN),
    'MPEG-4, B-frames.avi': ('mpeg4', {'g': '20', 'bf': '2', 'b': '9000000'}, EVEN),
    'H.264, variable rate.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '0'}, UNEVEN),
}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, codec, options, times):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


asked = range(0, COUNT, 3)
holds = True
for path, (codec, options, times) in FILES.items():
    encode(path, codec, options, times)
    with av.open(path) as source:
        holds &= [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)] == EVEN
    offsets = [number_of(iio.imread(path, index=i, plugin='pyav')) - i for i in asked]
    slow = [number_of(iio.imread(path, index=i, plugin='pyav', constant_framerate=False)) - i for i in asked]
    wrong, slow_wrong = (sum(offset != 0 for offset in each) for each in (offsets, slow))
    print(f'{path:24}  {wrong} of {len(asked)} wrong, offsets {min(offsets)} to {max(offsets)}; with '
          f'constant_framerate=False {slow_wrong} wrong')
    holds &= slow_wrong == 0 and (wrong == 0) == ('closed' in path)
sys.exit(not holds)
EOF
