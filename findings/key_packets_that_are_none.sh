#!/usr/bin/env bash
# Packets flagged as key frames that do not decode alone: Apple Video (rpza) in .mov and H.263 in .avi.
#
# One would guess: FFmpeg's muxers and demuxers know which packets of FFmpeg's encoders are key frames, so a new
#                  decoder that begins at a packet flagged as key gives the picture of a sequential decode.
# What happens:    every packet is flagged as key, while only the first of rpza and one in six of H.263 hold a whole
#                  picture. From the others the decoder gives other pixels without an error or a damage flag. For rpza
#                  a seek goes wrong too: it lands exactly on the frame asked for. For H.263 in AVI the seek is right,
#                  since the index of the file holds true flags that the packets do not show. The same pictures as
#                  MPEG-4 in .avi carry true flags.
# Made here:       12 pictures of a square that moves over a still ground, with an intra picture every 6 frames.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   a.mov (rpza): key packets KKKKKKKKKKKK
#     other pixels when decoding begins at [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], flagged as damaged 0
#     other pixels after a seek to [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
#   a.avi (h263): key packets KKKKKKKKKKKK
#     other pixels when decoding begins at [1, 2, 3, 4, 5, 7, 8, 9, 10, 11], flagged as damaged 0
#     other pixels after a seek to []
#   b.avi (mpeg4): key packets K.....K.....
#     other pixels when decoding begins at [], flagged as damaged 0
#     other pixels after a seek to []
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


def begin_at(path, number):
    """Pixels and damage flag of the first frame of a new decoder that is given packet ``number`` alone."""
    with av.open(path) as source:
        stream = source.streams.video[0]
        packet = [packet for packet in source.demux(stream) if packet.size][number]
        frame = (packet.decode() + stream.codec_context.decode(None))[0]
        return frame.to_ndarray(format='rgb24'), frame.is_corrupt


def after_seek(path, number):
    """(frame number by its time, pixels) of the first frame after a seek to frame ``number``."""
    with av.open(path) as source:
        stream = source.streams.video[0]
        source.seek(int(number / 25 / stream.time_base), stream=stream)
        frame = next(source.decode(stream))
        return round(frame.time * 25), frame.to_ndarray(format='rgb24')


holds = True
for codec, path, pixels in (('rpza', 'a.mov', 'rgb555le'), ('h263', 'a.avi', 'yuv420p'), ('mpeg4', 'b.avi', 'yuv420p')):
    write(path, codec, pixels)
    with av.open(path) as source:
        keys = [packet.is_keyframe for packet in source.demux(video=0) if packet.size]
    with av.open(path) as source:
        truth = [frame.to_ndarray(format='rgb24') for frame in source.decode(video=0)]
    begun = [begin_at(path, i) for i in range(COUNT) if keys[i]]
    at = [i for i in range(COUNT) if keys[i]]
    bad = [i for i, (pixels, _) in zip(at, begun) if not np.array_equal(pixels, truth[i])]
    sought = [after_seek(path, i) for i in range(COUNT)]
    missed = [i for i, (number, pixels) in enumerate(sought) if not np.array_equal(pixels, truth[number])]
    print(f'{path} ({codec}): key packets {"".join("K" if k else "." for k in keys)}')
    print(f'  other pixels when decoding begins at {bad}, flagged as damaged {sum(d for _, d in begun)}')
    print(f'  other pixels after a seek to {missed}')
    holds &= {'rpza': (len(bad), len(missed)) == (11, 11), 'h263': len(bad) == 10 and not missed,
              'mpeg4': not bad and not missed}[codec] and not any(d for _, d in begun)
    holds &= all(keys) == (codec != 'mpeg4')
sys.exit(not holds)
EOF
