#!/usr/bin/env bash
# FFmpeg: frames extracted as .jpg get coarser along the video, from 43 dB in the first to 29 dB in the last.
#
# One would guess: "ffmpeg -i video %05d.jpg" writes each frame with one quality, like other writers of JPEG.
# What happens:    the frames pass through the encoder of Motion JPEG, which keeps to 200 kbit a second whatever the
#                  picture size. The first frames are fine; then its rate control coarsens frame by frame, until it
#                  stays at the end of its scale. The quality of a frame so depends on its place, on the length and the
#                  motion of the shots before it, and on the frame rate: frames from the start and the end of videos,
#                  or of two classes, differ by their coding alone. -frames:v 1 and thumbnails look fine, so a look at
#                  the first file misses it. PyAV's 'mjpeg' stream does the same. No error, no warning.
# Remedy:          -q:v 2, which holds for all frames alike, or .png.
# Made here:       100 frames of FFmpeg's zoom into a Mandelbrot set, 640x360, 25 a second, lossless by FFV1.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0 (FFmpeg 8.1.2), pillow 13.0.0, numpy 2.4.6
# Output seen:
#   frames 0, 3, 10, 30, 99 of 100
#   plain      : PSNR of the luma 43.2 47.5 32.8 31.3 29.2 dB; step of the first AC coefficient 8 4 42 50 50
#   PyAV, mjpeg: PSNR of the luma 43.2 36.7 32.1 31.3 29.2 dB; step of the first AC coefficient 8 22 50 50 50
#   -q:v 2     : PSNR of the luma 47.6 47.5 47.1 46.5 44.7 dB; step of the first AC coefficient 4 4 4 4 4
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check imageio-ffmpeg==0.8.1 av==18.1.0 \
    pillow==13.0.0 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import io
import subprocess
import sys
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from PIL import Image

COUNT, RATE, SHOWN = 100, 25, (0, 3, 10, 30, 99)
FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-threads', '1']


def extract(name, *options):
    Path(name).mkdir()
    subprocess.run([*FFMPEG, '-i', 'source.mkv', *options, f'{name}/%05d.jpg'], check=True)
    return [path.read_bytes() for path in sorted(Path(name).iterdir())]


def by_pyav():
    with av.open('pyav.avi', 'w') as out, av.open('source.mkv') as source:
        stream = out.add_stream('mjpeg', rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 640, 360, 'yuvj420p'
        stream.codec_context.thread_count = 1
        return [bytes(packet) for frame in source.decode(video=0) for packet in stream.encode(frame)]


def psnr(image, source):
    return 10 * np.log10(255**2 / np.mean((image.astype(float) - source) ** 2))


subprocess.run([*FFMPEG, '-f', 'lavfi', '-i', f'mandelbrot=s=640x360:r={RATE}', '-frames:v', str(COUNT), '-pix_fmt',
                'yuv420p', '-c:v', 'ffv1', 'source.mkv'], check=True)
with av.open('source.mkv') as file:
    sources = [frame.to_ndarray(format='gray') for frame in file.decode(video=0)]
print(f'frames {", ".join(map(str, SHOWN))} of {len(sources)}')
holds = len(sources) == COUNT
for name, pictures in (
    ('plain', extract('plain')),
    ('PyAV, mjpeg', by_pyav()),
    ('-q:v 2', extract('fixed', '-q:v', '2')),
):
    images = [Image.open(io.BytesIO(data)) for data in pictures]
    steps = [image.quantization[0][1] for image in images]
    values = [psnr(np.asarray(image.convert('L')), source) for image, source in zip(images, sources, strict=True)]
    print(f'{name:11}: PSNR of the luma {" ".join(f"{values[i]:.1f}" for i in SHOWN)} dB; step of the first AC '
          f'coefficient {" ".join(str(steps[i]) for i in SHOWN)}')
    falls = values[0] - values[-1]
    holds &= falls < 6 and len(set(steps)) == 1 if name == '-q:v 2' else falls > 10 and steps[-1] > 4 * steps[0]
sys.exit(not holds)
EOF
