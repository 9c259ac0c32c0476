#!/usr/bin/env bash
# decord: after a seek reader[i] gives another frame than the i-th where B-frames precede a key frame.
#
# One would guess: reader[i] and get_batch([i]) give frame i of a sequential decode, by a seek to a key frame before.
# What happens:    H.264 and HEVC with closed groups of pictures are right. With open groups (x264's open-gop, usual
#                  in broadcasts) a third of the frames come out 3 later or earlier in .mp4 and 17 earlier in .mkv,
#                  and of MPEG-4 with B-frames in .avi most, up to 37 earlier. get_key_indices() counts key frames in
#                  decoding order, where B-frames that are shown before one come after it. Going through the file in
#                  order is right for all of them. No error is raised; FFmpeg's log hints at it for H.264 alone.
# Made here:       120 pictures, each with its number as bars, constant rate, a key frame at every 20th, by libx264,
#                  libx265 and FFmpeg's mpeg4 encoder.
# Versions:        decord 0.6.0; files by av 18.1.0 (FFmpeg 8.1.2), whose sequential decode is right as well
# Output seen:
#   closed groups.mp4     in order right; random 0 of 40 wrong, off by [0], keys [0, 20, 40, 60]
#   open groups.mp4       in order right; random 13 of 40 wrong, off by [-3, 0, 3], keys [0, 17, 37, 57]
#   open groups.mkv       in order right; random 13 of 40 wrong, off by [-17, 0], keys [0, 17, 37, 57]
#   open groups, HEVC.mp4 in order right; random 13 of 40 wrong, off by [-3, 0, 3], keys [0, 17, 37, 57]
#   MPEG-4.avi            in order right; random 32 of 40 wrong, off by [-37, -19, -16, 0, 2], keys [0, 19, 37, 55]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 decord==0.6.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys

import av
import decord
import numpy as np

COUNT, WIDTH, HEIGHT = 120, 160, 64
X264 = 'keyint=20:min-keyint=20:scenecut=0:bframes=3:b-adapt=0:open-gop='
X265 = X264 + '1:log-level=none'
FILES = {
    'closed groups.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '0'}),
    'open groups.mp4': ('libx264', {'crf': '15', 'x264-params': X264 + '1'}),
    'open groups.mkv': ('libx264', {'crf': '15', 'x264-params': X264 + '1'}),
    'open groups, HEVC.mp4': ('libx265', {'crf': '15', 'x265-params': X265}),
    'MPEG-4.avi': ('mpeg4', {'g': '20', 'bf': '2', 'b': '9000000'}),
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


decord.logging.set_level(decord.logging.QUIET)
asked = np.random.default_rng(0).permutation(COUNT)[:40].tolist()
holds = True
for path, (codec, options) in FILES.items():
    encode(path, codec, options)
    with av.open(path) as source:
        right = [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)] == list(range(COUNT))
    reader = decord.VideoReader(path)
    right &= [number_of(reader[i].asnumpy()) for i in range(len(reader))] == list(range(COUNT))
    reader = decord.VideoReader(path)
    offsets = [number_of(reader[i].asnumpy()) - i for i in asked]
    wrong = sum(offset != 0 for offset in offsets)
    print(f'{path:21} in order {"right" if right else "wrong"}; random {wrong} of {len(asked)} wrong, off by '
          f'{sorted(set(offsets))}, keys {reader.get_key_indices()[:4]}')
    holds &= right and (wrong == 0 if 'closed' in path else wrong > 10)
sys.exit(not holds)
EOF
