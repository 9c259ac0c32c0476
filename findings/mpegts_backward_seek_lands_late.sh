#!/usr/bin/env bash
# MPEG-TS and MPEG-PS: a backward seek to a frame lands behind it, and a rewind does not give the first frame.
#
# One would guess: seek(pts, backward=True) goes to a key frame at or before pts, in every container, so that decoding
#                  from there meets the frame; and position 0 is the first frame.
# What happens:    these containers have no index. FFmpeg goes to a packet whose time of decoding comes before pts, key
#                  frame or not, and the decoder gives its first frame at the next key frame. In .ts no seek to any of
#                  60 frames meets it or one before it: they land up to 17 frames late, or give nothing behind the
#                  last key frame. A seek to frame 0 gives frame 16, and OpenCV's POS_FRAMES=0 gives 16 too. decord
#                  seeks to the start when it opens a file: in order it gives 16 to 59, then 59 sixteen times, and its
#                  length is the right 60 (a log line calls the frames corrupted). PyAV and OpenCV say nothing. The
#                  same packets in .mp4 are right in all three.
# Made here:       60 pictures, each with its number as bars, by libx264 with its default B-frames and by FFmpeg's
#                  mpeg2video with two, a key frame at least at every 20th.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, decord 0.6.0, numpy 2.4.6
# Output seen:
#   H.264.mp4   PyAV: 0 of 60 seeks land late, 0 of them give nothing, others by up to 0; to frame 0: 0
#               OpenCV at 0: 0; decord: length 60, in order [0, 1, 2] ... [57, 58, 59], 60 different
#   H.264.ts    PyAV: 60 of 60 seeks land late, 13 of them give nothing, others by up to 17; to frame 0: 16
#               OpenCV at 0: 16; decord: length 60, in order [16, 17, 18] ... [59, 59, 59], 44 different
#   MPEG-2.mpg  PyAV: 50 of 60 seeks land late, 11 of them give nothing, others by up to 20; to frame 0: 0
#               OpenCV at 0: 0; decord: length 60, in order [0, 1, 2] ... [57, 58, 59], 60 different
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 decord==0.6.0 \
    opencv-python-headless==5.0.0.93
venv/bin/python -I - <<'EOF'
import sys

import av
import cv2
import decord
import numpy as np

COUNT, WIDTH, HEIGHT = 60, 160, 64
X264 = ('libx264', {'crf': '15', 'g': '20'})
FILES = {'H.264.mp4': X264, 'H.264.ts': X264, 'MPEG-2.mpg': ('mpeg2video', {'g': '20', 'bf': '2', 'b': '9000000'})}


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
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def first_after_seek(path, pts):
    with av.open(path) as source:
        stream = source.streams.video[0]
        source.seek(pts, backward=True, stream=stream)
        return next((number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(stream)), None)


def rewound(path):
    capture = cv2.VideoCapture(path)
    capture.read()
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    number = number_of(capture.read()[1])
    capture.release()
    return number


holds = True
for path, (codec, options) in FILES.items():
    encode(path, codec, options)
    with av.open(path) as source:
        frames = list(source.decode(video=0))
    assert [number_of(frame.to_ndarray(format='rgb24')) for frame in frames] == list(range(COUNT))
    found = {i: first_after_seek(path, frame.pts) for i, frame in enumerate(frames)}
    late = {i: number for i, number in found.items() if number is None or number > i}
    most = max((number - i for i, number in late.items() if number is not None), default=0)
    reader = decord.VideoReader(path)
    numbers = [number_of(reader[i].asnumpy()) for i in range(len(reader))]
    print(f'{path:11} PyAV: {len(late)} of {COUNT} seeks land late, {list(late.values()).count(None)} of them give '
          f'nothing, others by up to {most}; to frame 0: {found[0]}')
    print(f'            OpenCV at 0: {rewound(path)}; decord: length {len(reader)}, in order {numbers[:3]} ... '
          f'{numbers[-3:]}, {len(set(numbers))} different')
    sound = path.endswith('.mp4')
    holds &= (not late) == sound and len(reader) == COUNT
    if path.endswith('.ts'):
        holds &= found[0] > 0 and rewound(path) > 0 and numbers[0] > 0 and len(set(numbers)) < COUNT
    if sound:
        holds &= numbers == list(range(COUNT)) and rewound(path) == 0
sys.exit(not holds)
EOF
