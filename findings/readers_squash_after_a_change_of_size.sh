#!/usr/bin/env bash
# A video whose picture size changes midway: FFmpeg's command, OpenCV, decord and moviepy squash what comes after.
#
# One would guess: what turns from 320x180 to 180x320, as a recorded video call may when a phone is turned, comes
#                  out in its own size or with bars beside it, in all readers built on FFmpeg alike.
# What happens:    FFmpeg's command, and with it imageio-ffmpeg and moviepy, OpenCV and decord scale each later frame to
#                  the first size without its aspect ratio: a circle becomes 222 pixels wide and 70 high. No error, no
#                  log line. PyAV and imageio's PyAV plugin change the shape of the arrays instead, and imageio's
#                  imread of the whole file is a ValueError.
# Made here:       a circle of 126 pixels, 25 frames in each size, by libvpx; VP8 may change its size at a key frame.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), imageio 2.38.1, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), decord 0.6.0,
#                  opencv-python-headless 5.0.0.93, moviepy 2.2.1, numpy 2.4.6
# Output seen:
#   PyAV                   : 50 frames, 320x180 with a circle of 125x125, 180x320 with one of 125x125
#   imageio's PyAV plugin  : 50 frames, 320x180 with a circle of 125x125, 180x320 with one of 125x125
#   FFmpeg's command       : 50 frames, 320x180 with a circle of 125x125, 320x180 with one of 222x70
#   imageio's FFMPEG plugin: 50 frames, 320x180 with a circle of 125x125, 320x180 with one of 222x70
#   moviepy                : 50 frames, 320x180 with a circle of 125x125, 320x180 with one of 222x70
#   OpenCV                 : 50 frames, 320x180 with a circle of 125x125, 320x180 with one of 222x70
#   decord                 : 50 frames, 320x180 with a circle of 125x125, 320x180 with one of 222x70
#   imread by PyAV plugin  : ValueError: all input arrays must have the same shape
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 decord==0.6.0 imageio==2.38.1 \
    imageio-ffmpeg==0.8.1 opencv-python-headless==5.0.0.93 moviepy==2.2.1 numpy==2.4.6
venv/bin/python -I -W ignore - <<'EOF'
import subprocess
import sys
from fractions import Fraction

import av
import cv2
import decord
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
from moviepy import VideoFileClip

WIDTH, HEIGHT, EACH = 320, 180, 25
decord.logging.set_level(decord.logging.QUIET)


def packets(codec, width, height, start):
    """A circle in the middle of EACH frames, coded on its own."""
    coder = av.CodecContext.create(codec, 'w')
    coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, 'yuv420p', Fraction(1, 25)
    coder.options = {'b': '500k', 'deadline': 'realtime'}
    y, x = np.mgrid[:height, :width]
    inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (0.35 * min(width, height)) ** 2
    picture = np.where(inside[..., None], 220, 60).astype(np.uint8).repeat(3, 2)
    for i in range(EACH):
        frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
        frame.pts, frame.time_base = start + i, coder.time_base
        yield from coder.encode(frame)
    yield from coder.encode(None)


def write(path, codec):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        out.start_encoding()
        for start, size in ((0, (WIDTH, HEIGHT)), (EACH, (HEIGHT, WIDTH))):
            for packet in packets(codec, *size, start):
                packet.stream = stream
                out.mux(packet)


def by_pyav(path):
    with av.open(path) as source:
        return [frame.to_ndarray(format='rgb24') for frame in source.decode(video=0)]


def by_opencv(path):
    capture = cv2.VideoCapture(path)
    return [image for _, image in iter(capture.read, (False, None))]


def by_command(path):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-loglevel', 'warning', '-i', path, '-f', 'rawvideo']
    done = subprocess.run([*command, '-pix_fmt', 'rgb24', '-'], capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return list(np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH, 3))


def by_decord(path):
    reader = decord.VideoReader(path)
    return [reader[i].asnumpy() for i in range(len(reader))]


def by_moviepy(path):
    with VideoFileClip(path, audio=False) as clip:
        return list(clip.iter_frames())


def circle(image):
    """Width and height of what is bright."""
    rows, columns = np.nonzero(image[..., 1] > 140)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


READERS = {
    'PyAV': by_pyav,
    "imageio's PyAV plugin": lambda path: list(iio.imiter(path, plugin='pyav')),
    "FFmpeg's command": by_command,
    "imageio's FFMPEG plugin": lambda path: list(iio.imiter(path, plugin='FFMPEG')),
    'moviepy': by_moviepy,
    'OpenCV': by_opencv,
    'decord': by_decord,
}
write('turned.webm', 'libvpx')
holds = True
for name, reader in READERS.items():
    images = reader('turned.webm')
    (first, last), (before, after) = images[:: len(images) - 1], map(circle, images[:: len(images) - 1])
    print(f'{name:23}: {len(images)} frames, {first.shape[1]}x{first.shape[0]} with a circle of '
          f'{before[0]}x{before[1]}, {last.shape[1]}x{last.shape[0]} with one of {after[0]}x{after[1]}')
    kept = 'PyAV' in name
    holds &= before[0] == before[1] and (after == before if kept else after[0] > 2.5 * after[1])
    holds &= last.shape[:2] == ((WIDTH, HEIGHT) if kept else (HEIGHT, WIDTH)) and len(images) == 2 * EACH
try:
    iio.imread('turned.webm', plugin='pyav')
    holds = False
except ValueError as error:
    print(f'imread by PyAV plugin  : ValueError: {error}')
sys.exit(not holds)
EOF
