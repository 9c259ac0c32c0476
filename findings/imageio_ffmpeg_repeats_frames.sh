#!/usr/bin/env bash
# imageio-ffmpeg: a video of variable rate is read with repeated frames; the package itself counts fewer.
#
# One would guess: read_frames(path), and imageio's FFMPEG plugin on top of it, give the frames of the file: as many
#                  as count_frames_and_secs(path) says.
# What happens:    the command behind it repeats frames to keep one rate. Of 60 frames that last 1 to 5 units of 1/25
#                  s it gives 180 of 25 a second from .mp4, where its metadata say 8.33. A constant rate is right. No
#                  warning; imageio's PyAV plugin gives the 60.
# Made here:       60 pictures, each with its number as bars, in .mp4 and .mkv by FFmpeg's mpeg4 encoder.
# Versions:        imageio-ffmpeg 0.8.1, imageio 2.38.1, av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   constant.mp4: counted 60, read 60, fps 25; FFMPEG plugin 60 [0, 1, 2, 3, 4, 5, 6, 7, 8], PyAV plugin 60
#   constant.mkv: counted 60, read 60, fps 25; FFMPEG plugin 60 [0, 1, 2, 3, 4, 5, 6, 7, 8], PyAV plugin 60
#   variable.mp4: counted 60, read 180, fps 8.33; FFMPEG plugin 180 [0, 0, 0, 1, 1, 1, 1, 1, 2], PyAV plugin 60
#   variable.mkv: counted 60, read 182, fps 25; FFMPEG plugin 182 [0, 0, 1, 1, 1, 1, 1, 2, 2], PyAV plugin 60
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 imageio==2.38.1 imageio-ffmpeg==0.8.1 \
    numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np

COUNT, WIDTH, HEIGHT = 60, 160, 64
TIMES = {'constant': list(range(COUNT)), 'variable': np.cumsum([1 + i * 7 % 5 for i in range(COUNT)]).tolist()}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, times):
    with av.open(path, 'w') as out:
        stream = out.add_stream('mpeg4', rate=25, options={'b': '9000000'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for rate, times in TIMES.items():
    for path in (f'{rate}.mp4', f'{rate}.mkv'):
        encode(path, times)
        counted, _ = imageio_ffmpeg.count_frames_and_secs(path)
        frames = imageio_ffmpeg.read_frames(path)
        meta = next(frames)
        read = sum(1 for _ in frames)
        numbers = [number_of(frame) for frame in iio.imiter(path, plugin='FFMPEG')]
        by_pyav = [number_of(frame) for frame in iio.imiter(path, plugin='pyav')]
        print(f'{path}: counted {counted}, read {read}, fps {meta["fps"]:g}; FFMPEG plugin {len(numbers)} '
              f'{numbers[:9]}, PyAV plugin {len(by_pyav)}')
        holds &= counted == COUNT and by_pyav == list(range(COUNT))
        holds &= (numbers == list(range(COUNT))) == (rate == 'constant') and read == len(numbers)
sys.exit(not holds)
EOF
