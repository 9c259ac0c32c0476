#!/usr/bin/env bash
# swscale: 4:2:0 video resized to RGB of an even width loses half of its colour columns; an odd width keeps them.
#
# One would guess: 448 pixels of 4:2:0 have 224 columns of chroma, so a resize to 224 RGB pixels keeps the colours at
#                  least as well as the brightness, and 224 and 225 look alike.
# What happens:    for RGB of an even width swscale makes one chroma sample for two output pixels, whatever the filter.
#                  Colours that alternate in columns of 2 input pixels become one flat grey at 224, 226 and 112; columns
#                  of 4 keep half their contrast. At 225 they stay. Rows are not affected, nor is a read without
#                  resize. PyAV's width=, decord's width= and FFmpeg's `-vf scale` have it alike; the flag
#                  full_chroma_int, or a resize of the RGB picture, keeps the colours.
# Made here:       448x448 pixels, luma 128 everywhere, chroma in stripes of 2 or 4 pixels, by libx264. The contrast is
#                  the range of red inside the picture.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), decord 0.6.0,
#                  opencv-python-headless 5.0.0.93, numpy 2.4.6
# Output seen:
#                                  columns of 2   columns of 4      rows of 2
#   PyAV 448                                121            121            121
#   PyAV 224                                  0             61            121
#   PyAV 226                                  0             61             91
#   PyAV 225                                121            121             98
#   PyAV filter, full_chroma_int            121            121            121
#   decord 224                                0             61            121
#   decord 225                               98            121             98
#   FFmpeg scale=224:224                      0             84            121
#   FFmpeg with full_chroma_int             121            121            121
#   OpenCV area from 448                    121            121            121
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.8.1 \
    decord==0.6.0 opencv-python-headless==5.0.0.93
cat > read_decord.py <<'END'
# decord apart: it brings an FFmpeg of its own
import sys

import numpy as np
from decord import VideoReader

for path, size, name in zip(*[iter(sys.argv[1:])] * 3, strict=True):
    np.save(name, VideoReader(path, width=int(size), height=int(size))[0].asnumpy())
END
venv/bin/python -I - <<'EOF'
import subprocess
import sys

import av
import cv2
import imageio_ffmpeg
import numpy as np
from av.filter import Graph

SIZE = 448
av.logging.set_level(av.logging.ERROR)


def encode(path, samples, down):
    """Stripes of so many chroma samples, across or down."""
    frame = av.VideoFrame(SIZE, SIZE, 'yuv420p')
    for plane, low, high in zip(frame.planes, (128, 90, 166), (128, 166, 90), strict=True):
        stripes = np.where(np.arange(plane.line_size) // samples % 2, low, high).astype(np.uint8)
        rows = np.where(np.arange(plane.height) // samples % 2, low, high).astype(np.uint8)
        image = np.repeat(rows[:, None], plane.line_size, 1) if down else np.tile(stripes, (plane.height, 1))
        plane.update(image.tobytes())
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'crf': '4'})
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, 'yuv420p'
        for i in range(2):
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def contrast(image):
    inside = image[20:100, 20:100, 0].astype(int)
    return int(inside.max() - inside.min())


def by_command(path, scale):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', path, '-vf', scale, '-frames:v', '1']
    run = subprocess.run([*command, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.uint8).reshape(224, 224, 3)


def by_filter(frame, arguments):
    graph = Graph()
    source = graph.add_buffer(width=SIZE, height=SIZE, format='yuv420p', time_base=frame.time_base)
    graph.link_nodes(source, graph.add('scale', arguments), graph.add('format', 'rgb24'), graph.add('buffersink'))
    graph.configure()
    graph.push(frame)
    return graph.pull().to_ndarray()


def read(path):
    with av.open(path) as source:
        frame = next(source.decode(video=0))
    full = frame.to_ndarray(format='rgb24')
    yield 'PyAV 448', full
    for width in (224, 226, 225):
        yield f'PyAV {width}', frame.to_ndarray(width=width, height=width, format='rgb24')
    yield 'PyAV filter, full_chroma_int', by_filter(frame, '224:224:flags=bilinear+full_chroma_int')
    decord = [word for size in (224, 225) for word in (path, str(size), f'{path}.{size}.npy')]
    subprocess.run([sys.executable, '-I', 'read_decord.py', *decord], check=True)
    for size in (224, 225):
        yield f'decord {size}', np.load(f'{path}.{size}.npy')
    yield 'FFmpeg scale=224:224', by_command(path, 'scale=224:224')
    yield 'FFmpeg with full_chroma_int', by_command(path, 'scale=224:224:flags=bicubic+full_chroma_int')
    yield 'OpenCV area from 448', cv2.resize(full, (224, 224), interpolation=cv2.INTER_AREA)


FILES = {'columns of 2': (1, False), 'columns of 4': (2, False), 'rows of 2': (1, True)}
found = {}
for name, (samples, down) in FILES.items():
    encode(f'{name}.mp4', samples, down)
    for reader, image in read(f'{name}.mp4'):
        found.setdefault(reader, []).append(contrast(image))
print(' ' * 28 + ''.join(f'{name:>15}' for name in FILES))
holds = True
for reader, (fine, coarse, rows) in found.items():
    print(f'{reader:28}{fine:15}{coarse:15}{rows:15}')
    if reader in ('PyAV 224', 'PyAV 226', 'decord 224', 'FFmpeg scale=224:224'):
        holds &= fine < 10 and 40 < coarse < 90 and rows > 80
    else:
        holds &= min(fine, coarse, rows) > 80
sys.exit(not holds)
EOF
