#!/usr/bin/env bash
# swscale: 8-bit 4:2:0 and 4:2:2 as planar RGB (gbrp) lacks its last columns, of 1080 columns the last 8.
#
# One would guess: gbrp and rgb24 hold the same picture in another layout, whatever its width.
# What happens:    if the width leaves a remainder of 1 to 8 when divided by 16, so many columns at the right edge are
#                  not written: they hold what was in the memory before. 1080, 854, 1366 and 360 are such widths; 640,
#                  656 and 426 are not. There is no error. `to_ndarray(format='gbrp')` and the filter `format` of PyAV
#                  have it alike, rgb24 has not, nor have 4:4:4 and 10 bits. FFmpeg 9.0.2 of imageio-ffmpeg writes all
#                  columns.
# Made here:       frames of one grey each, eight greys a width; a column is counted that differs from the first one.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), on x86-64
# Output seen:
#   columns not written, by width        640   642   656   426   360   854  1080  1366
#   yuv420p, to_ndarray gbrp               0     2     0     0     8     6     8     6
#   yuv422p, to_ndarray gbrp               0     2     0     0     8     6     8     6
#   yuv420p, filter format=gbrp            0     2     0     0     8     6     8     6
#   yuv420p, to_ndarray rgb24              0     0     0     0     0     0     0     0
#   yuv444p, to_ndarray gbrp               0     0     0     0     0     0     0     0
#   yuv420p10le, to_ndarray gbrp           0     0     0     0     0     0     0     0
#   yuv420p, FFmpeg 9.0.2                  0     0     0     0     0     0     0     0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.8.1
venv/bin/python -I - <<'EOF'
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from av.filter import Graph

HEIGHT, GREYS = 64, (50, 90, 130, 170, 210, 60, 100, 140)
WIDTHS = (640, 642, 656, 426, 360, 854, 1080, 1366)


def picture(pixel_format, width, grey):
    frame = av.VideoFrame(width, HEIGHT, pixel_format)
    deep = frame.format.components[0].bits - 8
    for number, plane in enumerate(frame.planes):
        kind = np.dtype('<u2' if deep else np.uint8)
        level = (128 if number else grey) << deep
        plane.update(np.full((plane.height, plane.line_size // kind.itemsize), level, kind).tobytes())
    return frame


def by_array(frame):
    return frame.to_ndarray(format='gbrp')


def by_packed_array(frame):
    return frame.to_ndarray(format='rgb24')


def by_filter(frame):
    graph = Graph()
    start = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=1)
    convert, end = graph.add('format', 'gbrp'), graph.add('buffersink')
    start.link_to(convert)
    convert.link_to(end)
    graph.configure()
    start.push(frame)
    return end.pull().to_ndarray()


def by_command(frame):
    size = f'{frame.width}x{frame.height}'
    words = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-f', 'rawvideo', '-pix_fmt', frame.format.name]
    words += ['-s', size, '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'gbrp', '-']
    data = b''.join(
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width].tobytes()
        for plane in frame.planes
    )
    planes = np.frombuffer(subprocess.run(words, input=data, capture_output=True, check=True).stdout, np.uint8)
    return planes.reshape(3, frame.height, frame.width).transpose(1, 2, 0)


def wrong(convert, pixel_format, width):
    """How many columns differ from the first one, in any of the greys."""
    columns = set()
    for grey in GREYS:
        rgb = convert(picture(pixel_format, width, grey))
        columns |= set(np.flatnonzero((rgb != rgb[0, 0]).any((0, 2))).tolist())
    return len(columns)


print(f'columns not written, by width     {"".join(f"{width:6}" for width in WIDTHS)}')
rows = [
    ('yuv420p, to_ndarray gbrp', by_array, 'yuv420p', True),
    ('yuv422p, to_ndarray gbrp', by_array, 'yuv422p', True),
    ('yuv420p, filter format=gbrp', by_filter, 'yuv420p', True),
    ('yuv420p, to_ndarray rgb24', by_packed_array, 'yuv420p', False),
    ('yuv444p, to_ndarray gbrp', by_array, 'yuv444p', False),
    ('yuv420p10le, to_ndarray gbrp', by_array, 'yuv420p10le', False),
    ('yuv420p, FFmpeg 9.0.2', by_command, 'yuv420p', False),
]
holds = True
for name, convert, pixel_format, lacks in rows:
    found = [wrong(convert, pixel_format, width) for width in WIDTHS]
    print(f'{name:34}{"".join(f"{count:6}" for count in found)}')
    expected = [width % 16 if lacks and 1 <= width % 16 <= 8 else 0 for width in WIDTHS]
    holds &= found == expected
sys.exit(0 if holds else 1)
EOF
