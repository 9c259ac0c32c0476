#!/usr/bin/env bash
# A file with two video tracks: which one is read depends on the reader, the bit rate and the container.
#
# One would guess: all readers built on FFmpeg take one and the same track, the first or the one marked as default.
# What happens:    PyAV's streams.video[0], its best stream and OpenCV take the first in these. decord takes that with
#                  more bits in .mp4, so of a front and a rear camera in one file it changes from file to file. FFmpeg's
#                  command, and with it imageio-ffmpeg and moviepy, takes the first in .mp4 and that with more pixels
#                  in .mkv, where none is marked as default; moviepy scales it to the size of the first. No error;
#                  imageio-ffmpeg logs a line that the sizes differ.
# Made here:       two tracks of 25 frames, the first dark, the second bright, one of them with noise, by libx264.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, decord 0.6.0, imageio 2.38.1,
#                  imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), moviepy 2.2.1, numpy 2.4.6
# Output seen:
#   noise in the first.mp4 : second track in none
#   noise in the second.mp4: second track in decord
#   second larger.mp4      : second track in decord
#   second larger.mkv      : second track in command, imageio-ffmpeg, moviepy
#   moviepy's frame of the last, 320x240 in the file: 160x120
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

import av
import cv2
import decord
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
from moviepy import VideoFileClip

COUNT, DARK, BRIGHT = 25, 60, 180
decord.logging.set_level(decord.logging.QUIET)
rng = np.random.default_rng(0)


def write(path, *tracks):
    """Each track is a width, a height, a grey level and the strength of its noise."""
    with av.open(path, 'w') as out:
        streams = [out.add_stream('libx264', rate=25, options={'crf': '20', 'bf': '0'}) for _ in tracks]
        for stream, (width, height, _, _) in zip(streams, tracks, strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
        for i in range(COUNT):
            for stream, (width, height, level, noise) in zip(streams, tracks, strict=True):
                grey = level + rng.integers(-noise, noise + 1, (height, width, 1))
                frame = av.VideoFrame.from_ndarray(grey.astype(np.uint8).repeat(3, 2), format='rgb24')
                frame.pts = i
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))


def by_pyav(choose):
    def read(path):
        with av.open(path) as source:
            return next(source.decode(choose(source.streams))).to_ndarray(format='rgb24')

    return read


def by_opencv(path):
    return cv2.VideoCapture(path).read()[1]


def by_command(path):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-loglevel', 'warning', '-i', path, '-frames:v', '1', '-f', 'rawvideo']
    return np.frombuffer(subprocess.run([*command, '-pix_fmt', 'gray', '-'], capture_output=True).stdout, np.uint8)


def by_moviepy(path):
    with VideoFileClip(path, audio=False) as clip:
        return clip.get_frame(0)


READERS = {
    'streams.video[0]': by_pyav(lambda streams: streams.video[0]),
    'best': by_pyav(lambda streams: streams.best('video')),
    'OpenCV': by_opencv,
    'decord': lambda path: decord.VideoReader(path)[0].asnumpy(),
    'command': by_command,
    'imageio-ffmpeg': lambda path: iio.imread(path, plugin='FFMPEG', index=0),
    'moviepy': by_moviepy,
}
FFMPEG = {'command', 'imageio-ffmpeg', 'moviepy'}
CASES = {  # the tracks, and who takes the second of them
    'noise in the first.mp4': (((320, 240, DARK, 20), (320, 240, BRIGHT, 0)), set()),
    'noise in the second.mp4': (((320, 240, DARK, 0), (320, 240, BRIGHT, 20)), {'decord'}),
    'second larger.mp4': (((160, 120, DARK, 0), (320, 240, BRIGHT, 0)), {'decord'}),
    'second larger.mkv': (((160, 120, DARK, 0), (320, 240, BRIGHT, 0)), FFMPEG),
}
holds = True
for path, (tracks, wanted) in CASES.items():
    write(path, *tracks)
    images = {name: read(path) for name, read in READERS.items()}
    second = {name for name, image in images.items() if image.mean() > (DARK + BRIGHT) / 2}
    print(f'{path:23}: second track in {", ".join(name for name in READERS if name in second) or "none"}')
    holds &= second == wanted
height, width = images['moviepy'].shape[:2]
print(f"moviepy's frame of the last, {tracks[1][0]}x{tracks[1][1]} in the file: {width}x{height}")
holds &= (width, height) == tracks[0][:2]
sys.exit(not holds)
EOF
