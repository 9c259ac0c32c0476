#!/usr/bin/env bash
# The colour matrix that a container states is lost at the first decoded frame of HEVC, VP9 and ProRes.
#
# One would guess: where the bitstream does not say its colour matrix, the container's statement holds (ISO/IEC
#                  14496-12, 12.1.5, even puts the container first).
# What happens:    the decoder context begins with the container's BT.709. The decoders of HEVC, VP9 and ProRes put
#                  "unspecified" (2) over it, so frames say "unspecified", and swscale converts by BT.601: colours are
#                  about 25 levels off. H.264, MPEG-4, MPEG-2 and FFV1 with the same statement keep it.
# Made here:       four flat colours turned into Y'CbCr by the formula of BT.709; the bitstream says nothing or
#                  "unspecified", the container (colr box, Matroska Colour) states BT.709.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen (1: BT.709, 2: unspecified):
#   hevc.mp4   context before 1, frame 2, context after 2; largest RGB error 25, by BT.709 3
#   hevc.mkv   context before 1, frame 2, context after 2; largest RGB error 25, by BT.709 3
#   vp9.mp4    context before 1, frame 2, context after 2; largest RGB error 25, by BT.709 3
#   vp9.webm   context before 1, frame 2, context after 2; largest RGB error 25, by BT.709 3
#   prores.mov context before 1, frame 2, context after 2; largest RGB error 26, by BT.709 4
#   h264.mp4   context before 1, frame 1, context after 1; largest RGB error 3, by BT.709 3
#   mpeg4.mp4  context before 1, frame 1, context after 1; largest RGB error 3, by BT.709 3
#   mpeg2.mkv  context before 1, frame 1, context after 1; largest RGB error 3, by BT.709 3
#   ffv1.mkv   context before 1, frame 1, context after 1; largest RGB error 3, by BT.709 3
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys

import av
import numpy as np

RGB = np.array([(200, 40, 40), (40, 200, 60), (60, 80, 200), (220, 180, 60)])
KR, KB = 0.2126, 0.0722  # ITU-R BT.709
CASES = [
    ('hevc.mp4', 'libx265', {'x265-params': 'lossless=1:log-level=none'}),
    ('hevc.mkv', 'libx265', {'x265-params': 'lossless=1:log-level=none'}),
    ('vp9.mp4', 'libvpx-vp9', {'lossless': '1'}),
    ('vp9.webm', 'libvpx-vp9', {'lossless': '1'}),
    ('prores.mov', 'prores_ks', {}),
    ('h264.mp4', 'libx264', {'qp': '0'}),
    ('mpeg4.mp4', 'mpeg4', {'qmin': '1', 'qmax': '2'}),
    ('mpeg2.mkv', 'mpeg2video', {'qmin': '1', 'qmax': '2'}),
    ('ffv1.mkv', 'ffv1', {}),
]
KEPT = {'libx264', 'mpeg4', 'mpeg2video', 'ffv1'}


def planes():
    r, g, b = RGB.T / 255
    y = KR * r + (1 - KR - KB) * g + KB * b
    values = [16 + 219 * y, 128 + 112 * (b - y) / (1 - KB), 128 + 112 * (r - y) / (1 - KR)]
    luma, *chroma = [v.round().astype(np.uint8) for v in values]
    rows = [np.tile(np.repeat(luma, 32), (64, 1))]
    rows += [np.tile(np.repeat(c, 16), (32, 1)).reshape(-1, 128) for c in chroma]
    return np.vstack(rows)


def write(path, codec, options):
    pixels = 'yuv422p10le' if codec == 'prores_ks' else 'yuv420p'
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 64, pixels
        context = stream.codec_context
        context.open()  # from here on the encoder does not see the tags; the muxer does
        context.colorspace = context.color_range = context.color_primaries = context.color_trc = 1
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(planes(), format='yuv420p').reformat(format=pixels)
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def error(frame, **options):
    found = frame.reformat(format='rgb24', **options).to_ndarray()[32, 16::32].astype(int)
    return int(np.abs(found - RGB).max())


holds = True
for path, codec, options in CASES:
    write(path, codec, options)
    with av.open(path) as source:
        context = source.streams.video[0].codec_context
        stated = context.colorspace
        frame = next(source.decode(video=0))
        plain, by_709 = error(frame), error(frame, src_colorspace='ITU709')
        print(f'{path:10} context before {stated}, frame {frame.colorspace}, context after {context.colorspace};',
              f'largest RGB error {plain}, by BT.709 {by_709}')
        kept = frame.colorspace == 1 and plain < 6
        holds &= stated == 1 and by_709 < 6 and (kept if codec in KEPT else frame.colorspace == 2 and plain > 15)
sys.exit(not holds)
EOF
