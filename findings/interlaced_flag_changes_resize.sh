#!/usr/bin/env bash
# A flag on a frame changes how it is resized: interlaced_frame makes swscale scale the two fields apart.
#
# One would guess: a resize depends on the samples, the two sizes and the filter.
# What happens:    two files hold the same samples, bit by bit; one is flagged as interlaced, as much film on 1080i
#                  and 576i is although its pictures are progressive. PyAV's reformat() scales the flagged one field
#                  by field: other values everywhere, and jagged edges. Conversion without a resize gives equal
#                  values. A plain copy of the same samples into a new frame, without the flag, is scaled as expected.
# Made here:       one 720x576 picture of smooth slanted waves, coded without loss by libx264, with and without tff=1.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   interlaced_frame: False and True; decoded samples all equal: True
#   BILINEAR to 320x256: mean difference 5.64, largest 11; jag 5.36 and 21.89; copy as plain True
#   BICUBIC  to 320x256: mean difference 5.55, largest 10; jag 5.38 and 22.52; copy as plain True
#   AREA     to 320x256: mean difference 5.45, largest 10; jag 5.41 and 22.14; copy as plain True
#   same size, to RGB: equal True
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

WIDTH, HEIGHT, SIZE = 720, 576, (320, 256)
X, Y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
LUMA = (128 + 100 * np.sin((X * 0.3 + Y) * 0.12)).round().astype(np.uint8)
PLANES = np.vstack([LUMA, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])


def decoded(path, parameters):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'qp': '0', 'x264-params': parameters})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        frame = av.VideoFrame.from_ndarray(PLANES, format='yuv420p')
        frame.pts = 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(path) as source:
        return next(source.decode(video=0))


def resized(frame, filter_name):
    return frame.reformat(*SIZE, 'gray', interpolation=filter_name).to_ndarray().astype(int)


def jag(picture):
    """Mean second difference of neighbouring lines."""
    return np.abs(2 * picture[1:-1] - picture[:-2] - picture[2:]).mean()


plain, flagged = decoded('plain.mp4', 'bframes=0'), decoded('flagged.mp4', 'bframes=0:tff=1')
copy = av.VideoFrame.from_ndarray(flagged.to_ndarray(), format='yuv420p')
same = all(np.array_equal(frame.to_ndarray(), PLANES) for frame in (plain, flagged, copy))
print(f'interlaced_frame: {plain.interlaced_frame} and {flagged.interlaced_frame}; decoded samples all equal: {same}')
holds = same and flagged.interlaced_frame and not plain.interlaced_frame
for name in ('BILINEAR', 'BICUBIC', 'AREA'):
    a, b, c = resized(plain, name), resized(flagged, name), resized(copy, name)
    change = np.abs(a - b)
    print(f'{name:8} to {SIZE[0]}x{SIZE[1]}: mean difference {change.mean():.2f}, largest {change.max()};',
          f'jag {jag(a):.2f} and {jag(b):.2f}; copy as plain {np.array_equal(a, c)}')
    holds &= change.mean() > 1 and np.array_equal(a, c)
rgb = [frame.to_ndarray(format='rgb24') for frame in (plain, flagged)]
print('same size, to RGB: equal', np.array_equal(*rgb))
sys.exit(not (holds and np.array_equal(*rgb)))
EOF
