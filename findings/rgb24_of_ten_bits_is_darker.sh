#!/usr/bin/env bash
# FFmpeg's RGB of 10-bit video and of NV12: rgb24 is darker than bgr24, white is 253, and 37 of 256 values are missing.
#
# One would guess: rgb24 and bgr24 hold the same numbers in another order; NV12 and yuv420p with the same samples give
#                  the same RGB; the white of a video is 255.
# What happens:    of 10 bits in 4:2:0, as HEVC Main 10 and AV1 of phones have, rgb24 and rgba have 219 values of 256,
#                  are up to 2.6 levels too dark, 1.6 on average, and white is 253. bgr24 is within 1 with white at 255,
#                  but for its last two rows, which are as dark as rgb24. Planar gbrp is right. NV12, in which hardware
#                  decoders hand over their pictures, is as dark in 8 bits, where yuv420p is within 1. So one video
#                  differs by the order of channels that a reader asks for, and by the decoder that it uses. A scale
#                  filter with the flags accurate_rnd and full_chroma_int gives rounded values in each order.
# Made here:       a ramp of all grey levels from black to white, coded lossless by libx265 in Main 10; in 8 bits raw.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   HEVC Main 10 as rgb24        : 219 values, white [253], off by -2.57 to 0.00, mean -1.63
#   HEVC Main 10 as rgba         : 219 values, white [253], off by -2.57 to 0.00, mean -1.63
#   HEVC Main 10 as bgr24        : 256 values, white [253, 255], off by -2.57 to 0.01, mean -0.53
#     without the last two rows  : 256 values, white [255], off by -1.00 to 0.01, mean -0.49
#   HEVC Main 10 as gbrp         : 256 values, white [255], off by -0.50 to 0.50, mean  0.00
#     without the last two rows  : 256 values, white [255], off by -0.50 to 0.50, mean  0.00
#   the same, rgb24 by flags     : 256 values, white [255], off by -0.50 to 0.50, mean  0.00
#   the same, bgr24 by flags     : 256 values, white [255], off by -0.50 to 0.50, mean  0.00
#   8 bits, yuv420p as rgb24     : 220 values, white [255], off by -0.99 to 0.00, mean -0.49
#   8 bits, nv12 as rgb24        : 219 values, white [253], off by -2.27 to 0.00, mean -1.77
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

WIDTH, HEIGHT = 880, 64


def ramp(pixels, depth):
    """All grey levels of limited range along a row: the frame, and what each column is in RGB of 8 bits."""
    low, high = 16 << (depth - 8), 235 << (depth - 8)
    levels = low + np.arange(WIDTH) * (high - low + 1) // WIDTH
    frame = av.VideoFrame(WIDTH, HEIGHT, pixels)
    kind = np.uint8 if depth == 8 else np.uint16
    for number, plane in enumerate(frame.planes):
        samples = np.full((plane.height, plane.line_size // kind().itemsize), 128 << (depth - 8), kind)
        if number == 0:
            samples[:, :WIDTH] = levels
        plane.update(samples.tobytes())
    return frame, (levels - low) / (high - low) * 255


def converted(frame, order):
    graph = av.filter.Graph()
    source = graph.add('buffer', f'width={WIDTH}:height={HEIGHT}:pix_fmt={frame.format.name}:time_base=1/25:'
                       'pixel_aspect=1/1:range=tv')
    scale, target = graph.add('scale', 'flags=accurate_rnd+full_chroma_int'), graph.add('format', order)
    sink = graph.add('buffersink')
    source.link_to(scale)
    scale.link_to(target)
    target.link_to(sink)
    graph.configure()
    source.push(frame)
    return sink.pull().to_ndarray()


def report(title, image, wanted):
    away = image[..., :3].astype(float) - wanted[:, None]
    found = away.min(), away.mean(), len(np.unique(image[..., :3])), np.unique(image[:, -1, :3]).tolist()
    print(f'{title:29}: {found[2]} values, white {found[3]}, off by {found[0]:5.2f} to {away.max():4.2f}, '
          f'mean {found[1]:5.2f}')
    return found


frame, wanted = ramp('yuv420p10le', 10)
frame.color_range = 1
with av.open('main10.mp4', 'w') as out:
    stream = out.add_stream('libx265', rate=25, options={'x265-params': 'lossless=1:log-level=none'})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p10le'
    out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
with av.open('main10.mp4') as source:
    decoded = next(source.decode(video=0))
luma = [np.frombuffer(item.planes[0], np.uint16).reshape(HEIGHT, -1)[:, :WIDTH] for item in (frame, decoded)]
assert (luma[0] == luma[1]).all()
holds = True
for order in ('rgb24', 'rgba', 'bgr24', 'gbrp'):
    image = decoded.to_ndarray(format=order)
    lowest, mean, count, white = report(f'HEVC Main 10 as {order}', image, wanted)
    if order in ('rgb24', 'rgba'):
        holds &= lowest < -2.5 and mean < -1.5 and count == 219 and white == [253]
    else:
        lowest, mean, count, white = report('  without the last two rows', image[:-2], wanted)
        holds &= lowest > -1.01 and count == 256 and white == [255]
for order in ('rgb24', 'bgr24'):
    lowest, mean, count, white = report(f'the same, {order} by flags', converted(decoded, order), wanted)
    holds &= lowest >= -1 and white == [255]
for pixels, expected in (('yuv420p', [255]), ('nv12', [253])):
    frame, wanted = ramp(pixels, 8)
    lowest, mean, count, white = report(f'8 bits, {pixels} as rgb24', frame.to_ndarray(format='rgb24'), wanted)
    holds &= white == expected
sys.exit(not holds)
EOF
