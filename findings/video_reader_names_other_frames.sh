#!/usr/bin/env bash
# video_reader: decode(start_frame, end_frame), get_pts and get_batch number frames differently; decode adds black ones.
#
# One would guess: decode(start_frame=30, end_frame=40) and get_batch of 30 to 39 are the same frames, get_pts gives
#                  their times, and decode() gives the frames of the file.
# What happens:    get_batch is right in all of these files. decode(30, 40) and decode_fast begin at frame 33 with open
#                  groups in .mkv, at 11 in MPEG-4 in .avi, and 5 early in an .mp4 that was trimmed without re-encoding.
#                  get_pts gives times in the order of decoding, those of other frames where B-frames are. decode() is
#                  as long as there are packets: 5 black frames stand at the end of the trimmed one. No error; FFmpeg
#                  logs a line for the open groups alone.
# Made here:       120 pictures, each with its number as bars, 25 a second, a key frame at every 20th, by libx264 and
#                  FFmpeg's mpeg4 encoder; the trimmed file is one of them from 1 second on, copied by FFmpeg's command.
#                  The wheel does not find its own libraries: the search path helps it.
# Versions:        video-reader-rs 0.4.5, av 18.1.0 (FFmpeg 8.1.2), imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   closed.mp4: 120 frames, 30 to 39 show 30 to 39
#     decode() 120, 0 of them black; get_batch 30 to 39; decode(30, 40) 30 to 39; get_pts off by -2 to 3 frames
#   open.mkv: 120 frames, 30 to 39 show 30 to 39
#     decode() 120, 0 of them black; get_batch 30 to 39; decode(30, 40) 33 to 42; get_pts off by -2 to 3 frames
#   MPEG-4.avi: 120 frames, 30 to 39 show 30 to 39
#     decode() 120, 0 of them black; get_batch 30 to 39; decode(30, 40) 11 to 20; get_pts off by -38 to -1 frames
#   trimmed.mp4: 95 frames, 30 to 39 show 55 to 64
#     decode() 100, 5 of them black; get_batch 55 to 64; decode(30, 40) 50 to 59; get_pts off by -7 to -2 frames
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check video-reader-rs==0.4.5 av==18.1.0 \
    imageio-ffmpeg==0.8.1 numpy==2.4.6
packages=$(venv/bin/python -I -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
LD_LIBRARY_PATH="$packages/video_reader_rs.libs" venv/bin/python -I - 2>messages <<'EOF' || { cat messages; exit 1; }
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from video_reader import PyVideoReader

COUNT, WIDTH, HEIGHT = 120, 160, 64
X264 = 'keyint=20:min-keyint=20:scenecut=0:bframes=3:b-adapt=0:open-gop='
FILES = {
    'closed.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '0'}),
    'open.mkv': ('libx264', {'crf': '15', 'x264-params': X264 + '1'}),
    'MPEG-4.avi': ('mpeg4', {'g': '20', 'bf': '2', 'b': '9000000'}),
    'trimmed.mp4': None,
}


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


holds = True
asked = list(range(30, 40))
for path, coder in FILES.items():
    if coder:
        encode(path, *coder)
    else:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), '-loglevel', 'error', '-ss', '1', '-i', 'closed.mp4']
        subprocess.run([*command, '-c', 'copy', path], check=True)
    with av.open(path) as source:
        shown = [(number_of(frame.to_ndarray(format='rgb24')), frame.time) for frame in source.decode(video=0)]
    right, times = zip(*shown, strict=True)
    whole = PyVideoReader(path).decode()
    black = sum(int(image.max()) == 0 for image in whole)
    batch, part, fast = ([number_of(np.asarray(image)) for image in images] for images in (
        PyVideoReader(path).get_batch(asked), PyVideoReader(path).decode(start_frame=30, end_frame=40),
        PyVideoReader(path).decode_fast(start_frame=30, end_frame=40)))
    late = np.round(25 * (np.array(PyVideoReader(path).get_pts(asked)) - np.array(times)[asked])).astype(int)
    print(f'{path}: {len(right)} frames, 30 to 39 show {right[30]} to {right[39]}')
    print(f'  decode() {len(whole)}, {black} of them black; get_batch {batch[0]} to {batch[-1]}; decode(30, 40) '
          f'{part[0]} to {part[-1]}; get_pts off by {late.min()} to {late.max()} frames')
    holds &= batch == list(right[30:40]) and part == fast and late.any()
    holds &= (part == batch) == (path == 'closed.mp4') and black == (5 if path == 'trimmed.mp4' else 0)
sys.exit(not holds)
EOF
