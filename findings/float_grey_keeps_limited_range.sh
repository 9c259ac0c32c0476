#!/usr/bin/env bash
# FFmpeg's grayf32: black is 0.063 and white 0.918, where gray and gray16 of the same frame run from 0 to 1.
#
# One would guess: gray, gray16 and grayf32 of a frame are the same grey in 8 bits, 16 bits and as a float.
# What happens:    to gray, gray10 and gray16 swscale stretches the limited range of video (16 to 235) to the full one.
#                  To grayf32 it does not: black is 16/255, white 235/255, up to 21 levels of 255 away from gray. By way
#                  of gray16 the float is right, and so are the planar floats of colour (gbrpf32). PyAV's to_ndarray and
#                  the format filter do the same. A model fed by gray / 255 sees other numbers than one fed by grayf32.
# Made here:       a grey ramp from black to white, yuv420p of limited range, coded lossless by libx264.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   luma of yuv420p 16 to 235
#   gray                      : black 0.000, white 1.000, off by up to  0.5 levels of 255
#   gray16le                  : black 0.000, white 1.000, off by up to  0.0 levels of 255
#   grayf32le                 : black 0.063, white 0.918, off by up to 20.9 levels of 255
#   filter, gray              : black 0.000, white 1.000, off by up to  0.5 levels of 255
#   filter, grayf32le         : black 0.063, white 0.918, off by up to 20.9 levels of 255
#   filter, gray16le,grayf32le: black 0.000, white 1.000, off by up to  0.0 levels of 255
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

WIDTH, HEIGHT = 220, 64
levels = np.arange(16, 236)
frame = av.VideoFrame(WIDTH, HEIGHT, 'yuv420p')
for number, plane in enumerate(frame.planes):
    samples = np.full((plane.height, plane.line_size), 128, np.uint8)
    if number == 0:
        samples[:, :WIDTH] = levels
    plane.update(samples.tobytes())
with av.open('ramp.mp4', 'w') as out:
    stream = out.add_stream('libx264', rate=25, options={'qp': '0'})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
with av.open('ramp.mp4') as source:
    decoded = next(source.decode(video=0))
luma = np.frombuffer(decoded.planes[0], np.uint8).reshape(HEIGHT, -1)[:, :WIDTH]
assert (luma == levels).all()


def filtered(frame, *kinds):
    graph = av.filter.Graph()
    last = source = graph.add('buffer', f'width={WIDTH}:height={HEIGHT}:pix_fmt=yuv420p:time_base=1/25:'
                              'pixel_aspect=1/1:range=tv')
    for kind in kinds:
        target = graph.add('format', kind)
        last.link_to(target)
        last = target
    sink = graph.add('buffersink')
    last.link_to(sink)
    graph.configure()
    source.push(frame)
    return sink.pull().to_ndarray()


wanted = (levels - 16) / 219
ways = {
    'gray': decoded.to_ndarray(format='gray') / 255,
    'gray16le': decoded.to_ndarray(format='gray16le') / 65535,
    'grayf32le': decoded.to_ndarray(format='grayf32le'),
    'filter, gray': filtered(decoded, 'gray') / 255,
    'filter, grayf32le': filtered(decoded, 'grayf32le'),
    'filter, gray16le,grayf32le': filtered(decoded, 'gray16le', 'grayf32le'),
}
holds = True
print('luma of', decoded.format.name, luma.min(), 'to', luma.max())
for way, image in ways.items():
    away = 255 * np.abs(image - wanted).max()
    print(f'{way:26}: black {image[0, 0]:.3f}, white {image[0, -1]:.3f}, off by up to {away:4.1f} levels of 255')
    holds &= away > 20 if way in ('grayf32le', 'filter, grayf32le') else away < 1
sys.exit(not holds)
EOF
