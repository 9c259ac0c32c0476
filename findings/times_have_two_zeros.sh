#!/usr/bin/env bash
# A time read by PyAV or torchcodec is another frame for FFmpeg's -ss and OpenCV: their zeros differ in .ts, .mpg, .flv.
#
# One would guess: "2.40 s" of one file means one frame in all readers that are built on FFmpeg.
# What happens:    frame.time of PyAV and pts_seconds of torchcodec count from the zero of the stamps. The -ss of
#                  FFmpeg's command, and with it imageio-ffmpeg and moviepy, and OpenCV's CAP_PROP_POS_MSEC count from
#                  the first stamp. In .mp4 and .mkv both are mostly equal, so tests pass. FFmpeg writes .ts from 1.48 s
#                  on, .mpg from 0.54 and .flv with B-frames from 0.08: a scene found with PyAV and cut with -ss begins
#                  37 frames late in .ts, and one found with OpenCV and read with torchcodec 37 early; seeks that land
#                  late, another matter in .ts and .mpg, add some to both. No error, no warning.
# Remedy:          subtract container.start_time / 1e6 from the times of PyAV before -ss, or give -seek_timestamp 1.
# Made here:       150 pictures, each with its number as bars, 25 a second, by libx264 with a key frame at every tenth,
#                  for .mpg by mpeg2video; copied to each container by FFmpeg's command.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), torchcodec 0.13.0, torch 2.13.0 (CPU), opencv-python-headless 5.0.0.93,
#                  imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   mp4: frame 60 at 2.40 s in PyAV, 2.40 in OpenCV; by -ss: 60, 60 less the start, 60 by stamps; by torchcodec: 60
#   mkv: frame 60 at 2.40 s in PyAV, 2.40 in OpenCV; by -ss: 60, 60 less the start, 60 by stamps; by torchcodec: 60
#   ts : frame 60 at 3.88 s in PyAV, 2.40 in OpenCV; by -ss: 100, 60 less the start, 60 by stamps; by torchcodec: 30
#   flv: frame 60 at 2.48 s in PyAV, 2.40 in OpenCV; by -ss: 62, 60 less the start, 60 by stamps; by torchcodec: 58
#   mpg: frame 60 at 2.94 s in PyAV, 2.40 in OpenCV; by -ss: 74, 62 less the start, 62 by stamps; by torchcodec: 47
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 torchcodec==0.13.0 av==18.1.0 \
    opencv-python-headless==5.0.0.93 imageio-ffmpeg==0.8.1 numpy==2.4.6
# torchcodec brings no FFmpeg: the libraries of the av wheel, under the names that it looks for
bundled=$(venv/bin/python -I -c 'import av, pathlib; print(pathlib.Path(av.__file__).parents[1] / "av.libs")')
mkdir libraries
for library in "$bundled"/lib{av,sw}*.so.*; do
    name=$(basename "$library")
    major=${name#*.so.}
    ln -s "$library" "libraries/${name%%-*}.so.${major%%.*}"
done
OMP_NUM_THREADS=1 LD_LIBRARY_PATH="$work/libraries:$bundled" venv/bin/python -I -W ignore - <<'EOF'
import subprocess
import sys

import av
import cv2
import imageio_ffmpeg
import numpy as np
from torchcodec.decoders import VideoDecoder

COUNT, WIDTH, HEIGHT, RATE, ASKED = 150, 160, 64, 25, 60
LATE = {'mp4': 0, 'mkv': 0, 'ts': 1.48, 'flv': 0.08, 'mpg': 0.54}
FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y']


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
        stream = out.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, 'yuv420p', 2_000_000
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def pyav_times(path):
    with av.open(path) as file:
        frames = ((number_of(frame.to_ndarray(format='rgb24')), frame.time) for frame in file.decode(video=0))
        return dict(frames), file.start_time


def opencv_times(path):
    capture, times = cv2.VideoCapture(path), {}
    while (read := capture.read())[0]:
        times[number_of(read[1])] = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return times


def by_command(path, time, *options):
    picture = subprocess.run([*FFMPEG, *options, '-ss', f'{time:.6f}', '-i', path, '-frames:v', '1', '-f', 'rawvideo',
                              '-pix_fmt', 'rgb24', '-'], check=True, capture_output=True).stdout
    return number_of(np.frombuffer(picture, np.uint8).reshape(HEIGHT, WIDTH, 3))


encode('h264.mp4', 'libx264', {'g': '10', 'x264-params': 'open-gop=0:scenecut=0'})
encode('mpeg2.mkv', 'mpeg2video', {'g': '10'})
holds = True
for extension, source in (('mp4', 'h264.mp4'), ('mkv', 'h264.mp4'), ('ts', 'h264.mp4'), ('flv', 'h264.mp4'),
                          ('mpg', 'mpeg2.mkv')):
    path = f'copy.{extension}'
    subprocess.run([*FFMPEG, '-i', source, '-c', 'copy', path], check=True)
    (times, start), by_opencv = pyav_times(path), opencv_times(path)
    decoder = VideoDecoder(path, dimension_order='NHWC')
    half = 0.5 / RATE  # the middle of a frame, so that no rounding counts
    cut = by_command(path, times[ASKED] - half)
    mended = by_command(path, times[ASKED] - start / 1e6 - half)
    stamped = by_command(path, times[ASKED] - half, '-seek_timestamp', '1')
    read = number_of(decoder.get_frame_played_at(by_opencv[ASKED] + half).data.numpy())
    print(f'{extension:3}: frame {ASKED} at {times[ASKED]:.2f} s in PyAV, {by_opencv[ASKED]:.2f} in OpenCV; '
          f'by -ss: {cut}, {mended} less the start, {stamped} by stamps; by torchcodec: {read}')
    apart = times[ASKED] - by_opencv[ASKED]
    holds &= abs(apart - LATE[extension]) < 0.001 and {mended, stamped} <= {ASKED, ASKED + 2}
    shift = round(apart * RATE)
    holds &= ASKED + shift <= cut <= ASKED + shift + 3
    holds &= ASKED - shift <= read < ASKED if shift else read == ASKED
sys.exit(not holds)
EOF
