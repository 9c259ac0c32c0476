#!/usr/bin/env bash
# FFmpeg's filter fps=1: the picture that stands for second n is shown at n + 0.48 s, and its time stamp says n.
#
# One would guess: `ffmpeg -i video -vf fps=1 %d.png`, as many data sets are made, takes one frame of each second: the
#                  frames of 0 s, 1 s, 2 s; and a frame that leaves the filter has the time at which it is shown.
# What happens:    the filter rounds the times of input frames to the new rate and keeps the last that rounds to n. It
#                  is almost half a period late: of 25 frames a second number 12, 37, 62, stamped 0 s, 1 s, 2 s.
#                  fps=5 is 2 frames late, and fps=10 is late by 1, 1, 2 frames in turn. round=down, which sounds like
#                  the cure, is 24 frames late. round=up gives 0, 25, 50. `-r 1` in place of the filter gives others
#                  still: 0, 1, 22, 47.
# Made here:       250 pictures of 25 a second, each with its number as bars, by libx264.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   PyAV     fps=1             times [0.0, 1.0, 2.0, 3.0]  frames [12, 37, 62, 87]
#   PyAV     fps=1:round=down  times [0.0, 1.0, 2.0, 3.0]  frames [24, 49, 74, 99]
#   PyAV     fps=1:round=up    times [0.0, 1.0, 2.0, 3.0]  frames [0, 25, 50, 75]
#   PyAV     fps=5             times [0.0, 0.2, 0.4, 0.6]  frames [2, 7, 12, 17]
#   PyAV     fps=10            times [0.0, 0.1, 0.2, 0.3]  frames [1, 3, 6, 8]
#   command  -vf fps=1         10 pictures                 frames [12, 37, 62, 87]
#   command  -r 1              12 pictures                 frames [0, 1, 22, 47]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.8.1
venv/bin/python -I - <<'EOF'
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from av.filter import Graph

COUNT, WIDTH, HEIGHT, RATE = 250, 160, 64, 25


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


with av.open('a.mp4', 'w') as out:
    stream = out.add_stream('libx264', rate=RATE, options={'crf': '15'})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(COUNT):
        frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
        frame.pts = i
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def filtered(arguments):
    """Times and numbers of the frames that leave the filter."""
    found = []

    def pull():
        while True:
            try:
                frame = graph.pull()
            except (BlockingIOError, EOFError):
                return
            found.append((float(frame.pts * frame.time_base), number_of(frame.to_ndarray(format='rgb24'))))

    with av.open('a.mp4') as source:
        stream = source.streams.video[0]
        graph = Graph()
        graph.link_nodes(graph.add_buffer(template=stream), graph.add('fps', arguments), graph.add('buffersink'))
        graph.configure()
        for frame in source.decode(stream):
            graph.push(frame)
            pull()
        graph.push(None)
        pull()
    return [time for time, _ in found], [number for _, number in found]


def by_command(arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', 'a.mp4', *arguments, '-f', 'image2pipe']
    data = subprocess.run([*command, '-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-'], capture_output=True, check=True)
    return [number_of(image) for image in np.frombuffer(data.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)]


EXPECTED = {
    '1': [12, 37, 62, 87], '1:round=down': [24, 49, 74, 99], '1:round=up': [0, 25, 50, 75],
    '5': [2, 7, 12, 17], '10': [1, 3, 6, 8],
}
holds = True
for arguments, expected in EXPECTED.items():
    times, numbers = filtered(arguments)
    print(f'PyAV     fps={arguments:13} times {str([float(f"{t:.3g}") for t in times[:4]]):21} frames {numbers[:4]}')
    period = 1 / float(arguments.split(':')[0])
    holds &= numbers[:4] == expected and bool(np.allclose(times[:4], period * np.arange(4)))
for arguments, expected in ((['-vf', 'fps=1'], [12, 37, 62, 87]), (['-r', '1'], [0, 1, 22, 47])):
    numbers = by_command(arguments)
    print(f'command  {" ".join(arguments):17} {len(numbers)} pictures                 frames {numbers[:4]}')
    holds &= numbers[:4] == expected
sys.exit(not holds)
EOF
