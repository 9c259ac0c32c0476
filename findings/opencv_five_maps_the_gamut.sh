#!/usr/bin/env bash
# OpenCV 5 maps the colours of phone video (P3, BT.2020, HLG, PQ) to BT.709; PyAV, decord and OpenCV 4 do not.
#
# One would guess: readers turn Y'CbCr to R'G'B' by the matrix that the file states and leave primaries and transfer
#                  alone, so that one file gives one array in all of them, and a new release of OpenCV the same.
# What happens:    VideoCapture of OpenCV 5 hands all colour tags to swscale, which also converts primaries and
#                  transfer. Display P3 and HLG, as phones record them, come out 60 levels away from the coded R'G'B',
#                  BT.2020 71, PQ 114: a red of (200, 60, 60) becomes (240, 15, 63). PyAV and decord keep to the
#                  matrix. OpenCV 4.12 takes BT.601's matrix for all, up to 20 off. Of BT.709 and BT.601 OpenCV 5
#                  agrees with PyAV, so a test with the usual clips does not see it.
# Made here:       six flat colours turned into Y'CbCr by the formula, by libx264 with 8 bits and libx265 with 10.
# Versions:        opencv-python-headless 5.0.0.93 (FFmpeg 8.1) and 4.12.0.88 (FFmpeg 5.1), av 18.1.0 (FFmpeg 8.1.2),
#                  decord 0.6.0, numpy 2.4.6
# Output seen (largest distance from the coded R'G'B'):
#   BT.709      PyAV   3, decord   3, OpenCV 4.12  20, OpenCV 5   3; OpenCV 5's red [198, 58, 59]
#   BT.601      PyAV   2, decord   2, OpenCV 4.12   2, OpenCV 5   2; OpenCV 5's red [198, 59, 58]
#   Display P3  PyAV   3, decord   3, OpenCV 4.12  20, OpenCV 5  60; OpenCV 5's red [231, 54, 49]
#   BT.2020     PyAV   2, decord   2, OpenCV 4.12  13, OpenCV 5  71; OpenCV 5's red [240, 15, 63]
#   BT.2020 HLG PyAV   3, decord   3, OpenCV 4.12  15, OpenCV 5  60; OpenCV 5's red [255, 70, 79]
#   BT.2020 PQ  PyAV   3, decord   3, OpenCV 4.12  15, OpenCV 5 114; OpenCV 5's red [255, 57, 40]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 decord==0.6.0 \
    opencv-python-headless==5.0.0.93
venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --target old opencv-python-headless==4.12.0.88
cat > look.py <<'EOF'
import os
import subprocess
import sys

import numpy as np

COLOURS = np.array([(200, 60, 60), (60, 180, 60), (60, 60, 200), (200, 200, 80), (20, 20, 20), (235, 235, 235)])
MATRICES = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
FILES = {  # matrix, primaries and transfer by the numbers of ITU-T H.273, and bits
    'BT.709': (1, 1, 1, 8),
    'BT.601': (6, 6, 6, 8),
    'Display P3': (1, 12, 1, 8),
    'BT.2020': (9, 9, 14, 8),
    'BT.2020 HLG': (9, 9, 18, 10),
    'BT.2020 PQ': (9, 9, 16, 10),
}


def planes(matrix, bits):
    red, green, blue = np.repeat(COLOURS, 32, 0).T / 255
    of_red, of_blue = MATRICES[matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    parts = 16 + 219 * luma, 128 + 112 * (blue - luma) / (1 - of_blue), 128 + 112 * (red - luma) / (1 - of_red)
    luma, *chroma = (np.round(part * 2 ** (bits - 8)).astype(np.uint16 if bits > 8 else np.uint8) for part in parts)
    return np.vstack([np.tile(luma, (64, 1)), *(np.tile(part[::2], (32, 1)).reshape(16, 192) for part in chroma)])


def encode(path, matrix, primaries, transfer, bits):
    import av

    pixels = 'yuv420p10le' if bits == 10 else 'yuv420p'
    codec, options = ('libx265', {'x265-params': 'qp=4:log-level=none'}) if bits == 10 else ('libx264', {'qp': '4'})
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 192, 64, pixels
        context = stream.codec_context
        context.colorspace, context.color_range = matrix, 1
        context.color_primaries, context.color_trc = primaries, transfer
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(planes(matrix, bits), format=pixels)
            frame.pts, frame.colorspace, frame.color_range = i, matrix, 1
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def by_opencv(path):
    import cv2

    return cv2.VideoCapture(path).read()[1][..., ::-1]


def by_pyav(path):
    import av

    with av.open(path) as source:
        return next(source.decode(video=0)).to_ndarray(format='rgb24')


def by_decord(path):
    import decord

    return decord.VideoReader(path)[0].asnumpy()


def patches(image):
    return [image[20:44, 32 * i + 8 : 32 * i + 24].mean((0, 1)) for i in range(6)]


if len(sys.argv) > 1:  # OpenCV of the folder in PYTHONPATH
    np.save('seen.npy', [patches(by_opencv(f'{i}.mp4')) for i in range(len(FILES))])
    sys.exit()
for i, tags in enumerate(FILES.values()):
    encode(f'{i}.mp4', *tags)
seen = {'PyAV': [patches(by_pyav(f'{i}.mp4')) for i in range(len(FILES))]}
seen['decord'] = [patches(by_decord(f'{i}.mp4')) for i in range(len(FILES))]
for name, folder in (('OpenCV 4.12', 'old'), ('OpenCV 5', '')):
    environment = os.environ | {'PYTHONPATH': folder}
    subprocess.run([sys.executable, '-W', 'ignore', __file__, 'one'], check=True, env=environment)
    seen[name] = np.load('seen.npy')
errors = {name: np.abs(np.array(found) - COLOURS).max((1, 2)).round().astype(int) for name, found in seen.items()}
for i, file in enumerate(FILES):
    each = ', '.join(f'{name} {found[i]:3}' for name, found in errors.items())
    print(f'{file:11} {each}; OpenCV 5\'s red',
          seen['OpenCV 5'][i][0].round().astype(int).tolist())
holds = max(errors['PyAV'].max(), errors['decord'].max(), errors['OpenCV 5'][:2].max()) < 6
holds &= errors['OpenCV 5'][2:].min() > 40 and 8 < errors['OpenCV 4.12'].max() < 30
sys.exit(not holds)
EOF
venv/bin/python -W ignore look.py
