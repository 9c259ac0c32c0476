#!/usr/bin/env bash
# decord and a trimmed .mp4: it repeats the last frame to a length that counts what was cut off, and counts two ways.
#
# One would guess: of a file whose edit list cuts off its first frames, as trimming without re-encoding writes it, a
#                  reader gives the shown frames: 55 of 60.
# What happens:    len() is 60. Read in order, index 0 is the sixth picture, and the last five repeat the one before
#                  them. After a seek index 12 is the picture of that number in the file, which in order is index 7.
#                  No error, no log line. PyAV, OpenCV and FFmpeg's command give the 55.
# Made here:       60 pictures, each with its number as bars, by FFmpeg's mpeg4 encoder, a key frame at every 12th;
#                  the start in the edit list box (ISO/IEC 14496-12, 8.6.6) is set to the sixth.
# Versions:        decord 0.6.0, opencv-python-headless 5.0.0.93, av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   PyAV 55 frames, 5 to 59; OpenCV 55, 5 to 59
#   decord: length 60; in order [5, 6, 7] ... [58, 59, 59, 59, 59, 59, 59]; by index {0: 5, 12: 12, 7: 7, 30: 30}
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 decord==0.6.0 numpy==2.4.6 \
    opencv-python-headless==5.0.0.93
venv/bin/python -I - <<'EOF'
import struct
import sys

import av
import cv2
import decord
import numpy as np

COUNT, CUT, WIDTH, HEIGHT, RATE = 60, 5, 160, 64, 25


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def by_opencv(path):
    capture = cv2.VideoCapture(path)
    while (read := capture.read())[0]:
        yield number_of(read[1])
    capture.release()


with av.open('whole.mp4', 'w') as out:
    stream = out.add_stream('mpeg4', rate=RATE, options={'g': '12', 'b': '9000000'})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(COUNT):
        frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
        frame.pts = i
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
with av.open('whole.mp4') as source:
    step = int(1 / source.streams.video[0].time_base) // RATE
whole = bytearray(open('whole.mp4', 'rb').read())
entry = whole.index(b'elst') + 12  # behind version and number of entries: duration in ms, start in units of the track
duration, start = struct.unpack('>Ii', whole[entry : entry + 8])
assert (duration, start) == (COUNT * 1000 // RATE, 0)
whole[entry : entry + 8] = struct.pack('>Ii', duration - CUT * 1000 // RATE, CUT * step)
open('trimmed.mp4', 'wb').write(whole)

shown = list(range(CUT, COUNT))
with av.open('trimmed.mp4') as source:
    pyav = [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)]
opencv = list(by_opencv('trimmed.mp4'))
decord.logging.set_level(decord.logging.QUIET)
reader = decord.VideoReader('trimmed.mp4')
in_order = [number_of(reader[i].asnumpy()) for i in range(len(reader))]
reader = decord.VideoReader('trimmed.mp4')
sought = {i: number_of(reader[i].asnumpy()) for i in (0, 12, 7, 30)}
print(f'PyAV {len(pyav)} frames, {pyav[0]} to {pyav[-1]}; OpenCV {len(opencv)}, {opencv[0]} to {opencv[-1]}')
print(f'decord: length {len(in_order)}; in order {in_order[:3]} ... {in_order[-7:]}; by index {sought}')
holds = pyav == opencv == shown and len(in_order) == COUNT and in_order == shown + [COUNT - 1] * CUT
sys.exit(not (holds and sought[12] == 12 != in_order[12]))
EOF
