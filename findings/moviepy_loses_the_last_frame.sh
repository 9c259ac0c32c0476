#!/usr/bin/env bash
# moviepy: iter_frames() leaves out the last frame of every third video at 24, 30 and 23.976 frames a second.
#
# One would guess: clip.iter_frames() gives the frames of the file, at a constant rate at least, and clip.n_frames is
#                  their number.
# What happens:    moviepy takes the length from the text that FFmpeg prints, which has hundredths of a second, and
#                  cuts the product of length and rate off to an integer. 60 frames at 24000/1001 last 2.5025 s, printed
#                  as 2.50, which is 59.94 frames: it gives 59. At 25 a second 115 frames last 4.6 s to the hundredth,
#                  and 4.6 * 25 is 114.99999999999999: it gives 114. No warning.
# Made here:       videos of 60 to 119 pictures, each with its number as bars, by libx264.
# Versions:        moviepy 2.2.1, imageio-ffmpeg 0.6.0 (FFmpeg 7.0.2), av 18.1.0, numpy 2.4.6
# Output seen:
#   25         a second: of 12 videos 1 lose the last frame, those of [115]
#   50         a second: of 12 videos 1 lose the last frame, those of [115]
#   24         a second: of 12 videos 4 lose the last frame, those of [80, 85, 110, 115]
#   30         a second: of 12 videos 4 lose the last frame, those of [70, 85, 100, 115]
#   24000/1001 a second: of 12 videos 5 lose the last frame, those of [60, 65, 90, 95, 100]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 moviepy==2.2.1 \
    imageio-ffmpeg==0.6.0
venv/bin/python -I -W ignore - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np
from moviepy import VideoFileClip

WIDTH, HEIGHT = 160, 64
COUNTS = range(60, 120, 5)
RATES = {'25': 25, '50': 50, '24': 24, '30': 30, '24000/1001': Fraction(24000, 1001)}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, count, rate):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=rate, options={'crf': '15', 'preset': 'ultrafast'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for name, rate in RATES.items():
    losers = []
    for count in COUNTS:
        encode('a.mp4', count, rate)
        with av.open('a.mp4') as source:
            assert sum(1 for _ in source.decode(video=0)) == count
        with VideoFileClip('a.mp4', audio=False) as clip:
            numbers, counted = [number_of(image) for image in clip.iter_frames()], clip.n_frames
        assert numbers == list(range(counted)) and counted in (count, count - 1)
        losers += [count] * (counted < count)
    print(f'{name:10} a second: of {len(COUNTS)} videos {len(losers)} lose the last frame, those of {losers}')
    holds &= 0 < len(losers) < len(COUNTS)
    holds &= name != '25' or losers == [115]
sys.exit(not holds)
EOF
