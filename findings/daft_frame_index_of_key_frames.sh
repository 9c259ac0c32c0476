#!/usr/bin/env bash
# Daft: frame_index of read_video_frames is the frame's number in the video, but with is_key_frame=True another.
#
# One would guess: the column frame_index says which frame of the video a row is, so that rows of key frames join with
#                  labels by frame and with rows of all frames, and so that a video reader finds the frame by it.
# What happens:    without a choice of frames, and with sample_interval_seconds, it is that number. With
#                  is_key_frame=True it counts the key frames: 0, 1, 2, 3 for the frames 0, 16, 32, 48. A join by
#                  frame_index gives each of them the label of another frame. frame_time and frame_pts are right.
# Made here:       60 pictures, each with its number as bars, by libx264 with a key frame at every 16th.
# Versions:        daft 0.7.26, av 18.1.0 (FFmpeg 8.1.2), pillow 13.0.0, numpy 2.4.6
# Output seen:
#   all frames                    frame_index [0, 1, 2, 3] ... 59, pictures [0, 1, 2, 3] ... 59
#   sample_interval_seconds=0.5   frame_index [0, 13, 25, 38] ... 50, pictures [0, 13, 25, 38] ... 50
#   is_key_frame=True             frame_index [0, 1, 2, 3] ... 3, pictures [0, 16, 32, 48] ... 48
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check daft==0.7.26 av==18.1.0 numpy==2.4.6 pillow==13.0.0
export DO_NOT_TRACK=true DAFT_ANALYTICS_ENABLED=0 DAFT_PROGRESS_BAR=0
cat > look.py <<'EOF'
import os
import sys

import av
import daft
import numpy as np

COUNT, WIDTH, HEIGHT = 60, 160, 64
X264 = 'keyint=16:min-keyint=16:scenecut=0'


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


with av.open('a.mp4', 'w') as out:
    stream = out.add_stream('libx264', rate=25, options={'crf': '15', 'x264-params': X264})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(COUNT):
        frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
        frame.pts = i
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))

holds = True
for name, options in (
    ('all frames', {}),
    ('sample_interval_seconds=0.5', {'sample_interval_seconds': 0.5}),
    ('is_key_frame=True', {'is_key_frame': True}),
):
    path = os.path.abspath('a.mp4')
    rows = daft.read_video_frames(path, image_height=HEIGHT, image_width=WIDTH, **options).to_pydict()
    index, pictures = rows['frame_index'], [number_of(np.asarray(image)) for image in rows['data']]
    print(f'{name:29} frame_index {index[:4]} ... {index[-1]}, pictures {pictures[:4]} ... {pictures[-1]}')
    assert np.allclose(rows['frame_time'], np.array(pictures) / 25)
    if options.get('is_key_frame'):
        holds &= pictures == [0, 16, 32, 48] and index == [0, 1, 2, 3]
    else:
        holds &= index == pictures
sys.exit(not holds)
EOF
venv/bin/python -W ignore look.py
