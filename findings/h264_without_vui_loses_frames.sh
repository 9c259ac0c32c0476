#!/usr/bin/env bash
# H.264 without VUI: FFmpeg drops pictures, without an error or a flag, where B-frames begin late.
#
# One would guess: a sequential decode of a sound file gives as many frames as it has pictures.
# What happens:    VUI is optional. Without it FFmpeg guesses from the stream how far pictures are reordered, and
#                  begins with no delay. Where B-frames begin after a stretch of P-frames, it has already given out
#                  later pictures, and leaves out those that would come too late: 243 frames of 246. The option
#                  strict=1 makes it assume the largest reordering that the level allows, and gives all 246.
# Made here:       246 pictures by libx264, the first 150 without B-frames; then the VUI is cut out of the sequence
#                  header (its flag is set to 0, as ITU-T H.264, 7.3.2.1.1, allows). With VUI nothing is lost.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   with.264    options {}              246 of 246 frames, 0 flagged, lost [], in order True
#   with.264    options {'strict': '1'} 246 of 246 frames, 0 flagged, lost [], in order True
#   without.264 options {}              243 of 246 frames, 0 flagged, lost [150, 151, 152], in order True
#   without.264 options {'strict': '1'} 246 of 246 frames, 0 flagged, lost [], in order True
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import re
import sys

import av
import numpy as np
from av.video.frame import PictureType

WIDTH, HEIGHT, COUNT = 176, 144, 246
X264 = 'bframes=7:b-pyramid=normal:b-adapt=0:ref=4:keyint=1000:scenecut=0:threads=1'
GROUND = np.kron(np.random.default_rng(0).integers(20, 230, (40, 200), dtype=np.uint8), np.ones((4, 4), np.uint8))
PICTURES = [GROUND[:HEIGHT, 2 * i : 2 * i + WIDTH] for i in range(COUNT)]


def encode(path):
    with av.open(path, 'w', format='h264') as out:
        stream = out.add_stream('libx264', rate=25, options={'qp': '16', 'x264-params': X264})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i, luma in enumerate(PICTURES):
            planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            frame.pts = i
            if 0 < i < 150:
                frame.pict_type = PictureType.P
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


class Reader:
    """Bits and Exp-Golomb codes of a header."""

    def __init__(self, data, position):
        self.bits, self.position = ''.join(f'{byte:08b}' for byte in data), position

    def take(self, count):
        self.position += count
        return int(self.bits[self.position - count : self.position], 2)

    def code(self):
        zeros = self.bits.index('1', self.position) - self.position
        self.position += zeros
        return self.take(zeros + 1) - 1


def without_vui(header):
    data = header.replace(b'\0\0\3', b'\0\0')
    reader = Reader(data, 32)  # behind the NAL header, profile, constraints and level
    reader.code()  # seq_parameter_set_id
    if data[1] >= 100:  # High: chroma format, two bit depths, bypass, no scaling matrix
        reader.code(), reader.code(), reader.code()
        assert reader.take(2) == 0
    reader.code()  # log2_max_frame_num
    if reader.code() == 0:  # pic_order_cnt_type
        reader.code()
    reader.code(), reader.take(1), reader.code(), reader.code()  # references, gaps, width, height
    if not reader.take(1):  # frame_mbs_only_flag
        reader.take(1)
    reader.take(1)  # direct_8x8_inference_flag
    if reader.take(1):  # cropping
        reader.code(), reader.code(), reader.code(), reader.code()
    bits = reader.bits[: reader.position] + '0' + '1'  # no VUI; stop bit
    bits += '0' * (-len(bits) % 8)
    result = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    assert b'\0\0' not in result  # so it needs no escapes
    return result


def decode(path, options):
    with av.open(path) as source:
        stream = source.streams.video[0]
        stream.thread_type, stream.codec_context.options = 'NONE', options
        frames = list(source.decode(stream))
    lumas = [frame.to_ndarray()[:HEIGHT].astype(int) for frame in frames]
    numbers = [int(np.argmin([np.abs(luma - p).mean() for p in PICTURES])) for luma in lumas]
    return numbers, sum(frame.is_corrupt for frame in frames)


encode('with.264')
units = [unit for unit in re.split(b'\0\0\0?\1', open('with.264', 'rb').read()) if unit]
units = [without_vui(unit) if unit[0] & 31 == 7 else unit for unit in units if unit[0] & 31 != 6]
open('without.264', 'wb').write(b''.join(b'\0\0\0\1' + unit for unit in units))
seen = {}
for path in ('with.264', 'without.264'):
    for options in ({}, {'strict': '1'}):
        numbers, corrupt = decode(path, options)
        lost = sorted(set(range(COUNT)) - set(numbers))
        seen[path, bool(options)] = lost
        print(f'{path:11} options {str(options):15} {len(numbers)} of {COUNT} frames, {corrupt} flagged, lost {lost},',
              f'in order {numbers == sorted(numbers)}')
sys.exit(not (seen.pop(('without.264', False)) and not any(seen.values())))
EOF
