#!/usr/bin/env bash
# Two MPEG-TS files joined byte by byte: times go back in the middle, and OpenCV counts half of the frames it gives.
#
# One would guess: `cat a.ts b.ts > c.ts` is a valid file, as the format says and as recorders and HLS downloaders make
#                  it, so readers go on in time or tell of the break, and count what they give.
# What happens:    all frames come out, in order. PyAV's times fall from 2.44 s to 0.08 s, without a flag, and
#                  duration is that of one part, 2.4 s. OpenCV counts 60 frames and gives 120, and its POS_MSEC goes
#                  back too: a sampler that trusts the count never sees the second half. Where times are keys, each of
#                  the first 60 frames is lost to one of the second 60. FFmpeg's command mends the times, so that
#                  frame 75 is at 3 s there and at 0.68 s in PyAV.
# Made here:       two .ts of 60 pictures each, numbered 0 to 59 and 60 to 119 as bars, by libx264.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2),
#                  numpy 2.4.6
# Output seen:
#   PyAV: 120 frames in order True, flagged 0; duration 2.4 s; times [2.4, 2.44, 0.08, 0.12], 60 different
#   OpenCV: counts 60, gives 120, in order True; POS_MSEC [2320, 2360, 0, 40]
#   FFmpeg's command: 120 frames; times [2.32, 2.36, 2.4, 2.44]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.8.1 \
    opencv-python-headless==5.0.0.93
venv/bin/python -I - <<'EOF'
import re
import subprocess
import sys

import av
import cv2
import imageio_ffmpeg
import numpy as np

COUNT, WIDTH, HEIGHT = 60, 160, 64


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, first):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'crf': '15', 'g': '20'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(first + i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return open(path, 'rb').read()


open('c.ts', 'wb').write(encode('a.ts', 0) + encode('b.ts', COUNT))
with av.open('c.ts') as source:
    stream = source.streams.video[0]
    length = float(stream.duration * stream.time_base)
    frames = list(source.decode(stream))
numbers = [number_of(frame.to_ndarray(format='rgb24')) for frame in frames]
times = [round(frame.time, 2) for frame in frames]
print(f'PyAV: {len(frames)} frames in order {numbers == list(range(2 * COUNT))}, flagged',
      f'{sum(frame.is_corrupt for frame in frames)}; duration {length:g} s; times {times[58:62]},',
      f'{len(set(times))} different')
holds = numbers == list(range(2 * COUNT)) and not any(frame.is_corrupt for frame in frames)
holds &= length < 3 and times[60] < times[59] and len(set(times)) == COUNT

capture, numbers, times = cv2.VideoCapture('c.ts'), [], []
counted = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
while True:
    read, image = capture.read()
    if not read:
        break
    numbers.append(number_of(image))
    times.append(round(capture.get(cv2.CAP_PROP_POS_MSEC)))
print(f'OpenCV: counts {counted}, gives {len(numbers)}, in order {numbers == list(range(2 * COUNT))};',
      f'POS_MSEC {times[58:62]}')
holds &= counted == COUNT and numbers == list(range(2 * COUNT)) and times[60] < times[59]

command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'info', '-i', 'c.ts', '-vf', 'showinfo', '-f', 'null', '-']
printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
times = [round(float(time), 2) for time in re.findall(r'pts_time:(-?[\d.]+)', printed)]
print(f'FFmpeg\'s command: {len(times)} frames; times {times[58:62]}')
holds &= times == sorted(times) and len(times) == 2 * COUNT
sys.exit(not holds)
EOF
