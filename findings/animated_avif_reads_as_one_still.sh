#!/usr/bin/env bash
# Animated AVIF: PyAV, imageio's PyAV plugin and FFmpeg's command give one frame of eight, without a word.
#
# One would guess: video stream 0 of an animated .avif is the animation, as it is in .gif, .png and .mp4; or opening it
#                  is an error.
# What happens:    such a file holds a still picture for readers that know no animation, and a track. FFmpeg gives both
#                  as video streams, the still first, with the disposition "default" and the same size. decode(video=0)
#                  and imageio.v3.imiter(plugin='pyav') give this one picture; the eight frames are in stream 1.
#                  Pillow and imageio's Pillow plugin give eight.
# Made here:       eight pictures, each with its number as bars, by Pillow.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), imageio 2.38.1, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), pillow 13.0.0,
#                  numpy 2.4.6
# Output seen:
#   a.png: streams ['160x64 None']
#     (all readers give [0, 1, 2, 3, 4, 5, 6, 7] of .png)
#   a.avif: streams ['160x64 default', '160x64 default']
#     PyAV, stream 0   [0]
#     imageio, pyav    [0]
#     imageio, pillow  [0, 1, 2, 3, 4, 5, 6, 7]
#     FFmpeg's command [0]
#     PyAV, stream 1   [0, 1, 2, 3, 4, 5, 6, 7]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 pillow==13.0.0 imageio==2.38.1 \
    imageio-ffmpeg==0.8.1
venv/bin/python -I - <<'EOF'
import subprocess
import sys

import av
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
from PIL import Image

COUNT, WIDTH, HEIGHT = 8, 160, 64


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def by_pyav(path, stream):
    with av.open(path) as source:
        return [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=stream)]


def by_command(path):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return [number_of(image) for image in np.frombuffer(data, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)]


first, *others = (Image.fromarray(picture(i)) for i in range(COUNT))
holds = True
for path in ('a.png', 'a.avif'):
    first.save(path, save_all=True, append_images=others, duration=40)
    with av.open(path) as source:
        streams = [f'{stream.width}x{stream.height} {stream.disposition.name}' for stream in source.streams.video]
    found = {
        'PyAV, stream 0': by_pyav(path, 0),
        'imageio, pyav': [number_of(image) for image in iio.imiter(path, plugin='pyav')],
        'imageio, pillow': [number_of(image) for image in iio.imiter(path, plugin='pillow')],
        'FFmpeg\'s command': by_command(path),
    }
    if len(streams) > 1:
        found['PyAV, stream 1'] = by_pyav(path, 1)
    print(f'{path}: streams {streams}')
    for name, numbers in found.items():
        print(f'  {name:16} {numbers}')
    whole = list(range(COUNT))
    if path == 'a.png':
        holds &= set(map(tuple, found.values())) == {tuple(whole)}
    else:
        holds &= found['PyAV, stream 0'] == found['imageio, pyav'] == [0]
        holds &= found['PyAV, stream 1'] == found['imageio, pillow'] == whole
sys.exit(not holds)
EOF
