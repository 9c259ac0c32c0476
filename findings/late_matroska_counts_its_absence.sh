#!/usr/bin/env bash
# Matroska and WebM that do not begin at 0: the time before the first frame counts, and OpenCV makes frames of it.
#
# One would guess: container.duration is the time from the first frame to the end of the last, in every container, and
#                  OpenCV's CAP_PROP_FRAME_COUNT of a constant rate is right or unknown.
# What happens:    60 frames from 10 s on, as cutting without re-encoding leaves them: .mp4 and .ts have a duration of
#                  2.4 s. Of .mkv and .webm it is 12.4 s, since Matroska states where the last frame ends. OpenCV
#                  multiplies that by the rate and counts 310 frames of 60. Who samples 8 frames evenly gets 2 of
#                  them; a read of frame 200 gives nothing.
# Made here:       60 pictures, each with its number as bars, with times from 10 s, by libx264 and libvpx-vp9.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, numpy 2.4.6
# Output seen:
#   a.mp4  PyAV: starts at 10 s, duration 2.4 s, 60 frames; OpenCV counts 60
#     8 of them: [0, 8, 16, 25, 33, 42, 50, 59]
#   a.ts   PyAV: starts at 10 s, duration 2.4 s, 60 frames; OpenCV counts 60
#     8 of them: [16, 17, 17, 25, 33, 42, 50, 59]
#   a.mkv  PyAV: starts at 10 s, duration 12.4 s, 60 frames; OpenCV counts 310
#     8 of them: [0, 44, None, None, None, None, None, None]
#   a.webm PyAV: starts at 10 s, duration 12.4 s, 60 frames; OpenCV counts 310
#     8 of them: [0, 44, None, None, None, None, None, None]
# (.ts has no index, so seeks in it land late: mpegts_backward_seek_lands_late.sh.)
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import cv2
import numpy as np

COUNT, FIRST, WIDTH, HEIGHT = 60, 250, 160, 64  # 250 at 25 a second: 10 s
X264 = ('libx264', {'crf': '15', 'g': '20'})
FILES = {'a.mp4': X264, 'a.ts': X264, 'a.mkv': X264, 'a.webm': ('libvpx-vp9', {'crf': '15', 'b': '0', 'g': '20'})}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, codec, options):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts, frame.time_base = FIRST + i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for path, (codec, options) in FILES.items():
    encode(path, codec, options)
    with av.open(path) as source:
        length, start = source.duration / av.time_base, source.start_time / av.time_base
        numbers = [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)]
    assert numbers == list(range(COUNT))
    capture = cv2.VideoCapture(path)
    counted = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    read = []
    for i in np.linspace(0, counted - 1, 8).astype(int).tolist():
        capture.set(cv2.CAP_PROP_POS_FRAMES, i)
        ok, image = capture.read()
        read.append(number_of(image) if ok else None)
    capture.release()
    print(f'{path:6} PyAV: starts at {start:g} s, duration {length:g} s, {len(numbers)} frames;',
          f'OpenCV counts {counted}')
    print(f'  8 of them: {read}')
    late = path.endswith(('.mkv', '.webm'))
    holds &= counted == (FIRST + COUNT if late else COUNT) and abs(length - (12.4 if late else 2.4)) < 0.05
    holds &= not late or read.count(None) == 6
sys.exit(not holds)
EOF
