#!/usr/bin/env bash
# FFmpeg's exported quantisers: twice the coded one in MPEG-1 and MPEG-4, none in VP9, HEVC and AV1, without a word.
#
# One would guess: export_side_data=venc_params gives each block's quantiser as it is coded, or an error where it
#                  cannot.
# What happens:    MPEG-1, H.263 and MPEG-4 Part 2 videos of quantiser 7 read 14, in all blocks: they are put on the
#                  scale of MPEG-2, whose linear quantiser_scale of 14 is code 7. H.264 gives its QP. VP9 gives a
#                  record without blocks, whose qp runs from 0 to 255; HEVC and AV1 accept the option and give
#                  nothing.
# Made here:       six frames of a moving texture by FFmpeg's encoders with a fixed quantiser, libx264, libvpx-vp9,
#                  libx265 and libsvtav1. The records are read as libavutil/video_enc_params.h lays them out.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   MPEG-1.mpg coded 7, exported [14]
#   MPEG-2.ts  coded 14, exported [14]
#   H.263.avi  coded 7, exported [14]
#   MPEG-4.mp4 coded 7, exported [14]
#   H.264.mp4  coded 20, exported [20]
#   VP9.webm   coded each block, exported no block
#   HEVC.mp4   coded 20, exported no record
#   AV1.mp4    coded each block, exported no record
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - 2> log <<'EOF' || { cat log; exit 1; }
import struct
import sys

import av
import numpy as np

WIDTH, HEIGHT, FRAMES = 352, 288, 6
FIXED = {'qmin': '7', 'qmax': '7', 'bf': '0'}
FILES = {  # path -> encoder, its options, the quantisers of P-frames that one would guess and those that come out
    'MPEG-1.mpg': ('mpeg1video', FIXED, 7, [14]),
    'MPEG-2.ts': ('mpeg2video', FIXED, 14, [14]),
    'H.263.avi': ('h263', FIXED, 7, [14]),
    'MPEG-4.mp4': ('mpeg4', FIXED, 7, [14]),
    'H.264.mp4': ('libx264', {'qp': '20', 'x264-params': 'bframes=0'}, 20, [20]),
    'VP9.webm': ('libvpx-vp9', {'crf': '20'}, 'each block', 'no block'),
    'HEVC.mp4': ('libx265', {'x265-params': 'qp=20:log-level=none'}, 20, 'no record'),
    'AV1.mp4': ('libsvtav1', {'crf': '30'}, 'each block', 'no record'),
}
noise = np.random.default_rng(0).normal(size=(512, 512))
for _ in range(8):
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
TEXTURE = np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


def encode(path, codec, options):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(FRAMES):
            picture = np.repeat(TEXTURE[2 * i : 2 * i + HEIGHT, 3 * i : 3 * i + WIDTH, None], 3, 2)
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def quantisers(frame):
    """Different quantisers of its blocks, 'no block' or 'no record'."""
    for data in frame.side_data:
        if data.type.name == 'VIDEO_ENC_PARAMS':
            raw = bytes(data)
            count, first, size, _, quantiser = struct.unpack_from('=I4xQQii', raw)
            deltas = [struct.unpack_from('=i', raw, first + size * block + 16)[0] for block in range(count)]
            return sorted({quantiser + delta for delta in deltas}) or 'no block'
    return 'no record'


holds = True
for path, (codec, options, guess, expected) in FILES.items():
    encode(path, codec, options)
    with av.open(path) as source:
        source.streams.video[0].codec_context.options = {'export_side_data': 'venc_params'}
        found = [quantisers(frame) for frame in source.decode(video=0)][2]
    print(f'{path:10} coded {guess}, exported {found}')
    holds &= found == expected
sys.exit(not holds)
EOF
