#!/usr/bin/env bash
# Decoders whose key flag and picture type say nothing: QuickTime RLE, MS Video 1, Flash Screen, CineForm, FFV1.
#
# One would guess: a decoded frame's key_frame flag or its picture type tells which frames decode without others.
# What happens:    four decoders never set the flag nor a type, not even on the first frame, so a whole and sound file
#                  looks as if it began without a key frame (and "no flag" must not be taken for damage). FFV1 calls
#                  every frame an I-frame, but one without the key flag cannot be decoded first: the decoder raises an
#                  error. Here the packet's flag is the one that is right, which rpza and H.263 in AVI show to be no
#                  rule.
# Made here:       12 pictures of a square that moves over a still ground, with an intra picture every 6 frames where
#                  the encoder knows that option. Each frame is also decoded by a new decoder that starts there.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen (K: flagged; a: decodes alone to the same pixels):
#   qtrle    packets K.....K.....  frames ............  types ????????????  decode alone a.....a.....
#   msvideo1 packets K...........  frames ............  types ????????????  decode alone a...........
#   flashsv  packets K.....K.....  frames ............  types ????????????  decode alone a.....a.....
#   cfhd     packets KKKKKKKKKKKK  frames ............  types ????????????  decode alone aaaaaaaaaaaa
#   ffv1     packets K.....K.....  frames K.....K.....  types IIIIIIIIIIII  decode alone a.....a.....
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT, COUNT = 176, 144, 12
CASES = {  # codec: file, pixel format
    'qtrle': ('a.mov', 'rgb24'), 'msvideo1': ('a.avi', 'rgb555le'), 'flashsv': ('a.flv', 'bgr24'),
    'cfhd': ('b.mov', 'yuv422p10le'), 'ffv1': ('a.mkv', 'yuv420p'),
}


def picture(number):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = (np.arange(WIDTH)[None, :, None] // 4 * 4 + np.arange(HEIGHT)[:, None, None] // 4) % 256
    image[40:80, 8 * number : 8 * number + 32] = 250, 20, 90
    return image


def write(path, codec, pixels):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options={'g': '6'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24').reformat(format=pixels)
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def alone(path, number, truth):
    """Whether a new decoder that is given packet ``number`` alone gives this frame."""
    with av.open(path) as source:
        stream = source.streams.video[0]
        packet = [packet for packet in source.demux(stream) if packet.size][number]
        try:
            frames = packet.decode() + stream.codec_context.decode(None)
        except av.error.FFmpegError:
            return False
    return bool(frames) and np.array_equal(frames[0].to_ndarray(format='rgb24'), truth)


holds = True
for codec, (path, pixels) in CASES.items():
    write(path, codec, pixels)
    with av.open(path) as source:
        packets = ''.join('K' if packet.is_keyframe else '.' for packet in source.demux(video=0) if packet.size)
    with av.open(path) as source:
        frames = list(source.decode(video=0))
    truth = [frame.to_ndarray(format='rgb24') for frame in frames]
    flags = ''.join('K' if frame.key_frame else '.' for frame in frames)
    types = ''.join('?IPBSipb'[int(frame.pict_type)] for frame in frames)
    single = ''.join('a' if alone(path, i, truth[i]) else '.' for i in range(COUNT))
    print(f'{codec:8} packets {packets}  frames {flags}  types {types}  decode alone {single}')
    holds &= single.replace('a', 'K') == packets and single[0] == 'a'
    if codec == 'ffv1':
        holds &= types == 'I' * COUNT and '.' in single
    else:
        holds &= types == '?' * COUNT and 'K' not in flags
sys.exit(not holds)
EOF
