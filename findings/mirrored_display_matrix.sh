#!/usr/bin/env bash
# Mirrored display matrices: PyAV, OpenCV and decord read the rotation out of them and drop the mirror, each silently.
#
# One would guess: a reader that turns pictures by the display matrix of an .mp4 shows what a player shows, for all
#                  eight orientations that cameras write; or it leaves the pictures alone and says so.
# What happens:    the four without a mirror come out right. A horizontal flip, as selfie cameras write it, is turned
#                  by 180 degrees, so it stands upside down; a vertical flip is not touched; the two diagonal ones are
#                  turned by 90 degrees. frame.rotation of PyAV gives the same four angles, since one angle cannot
#                  tell a mirror. All three agree, so comparing readers does not show it. frame.side_data has the
#                  whole matrix.
# Made here:       a picture with four coloured quarters by FFmpeg's mpeg4 encoder; the matrix in the track header box
#                  (ISO/IEC 14496-12, 8.3.2) is set to each orientation.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, decord 0.6.0, numpy 2.4.6
# Output seen:
#   as stored              PyAV rotation    0  OpenCV shows: as stored      decord shows: as stored
#   turned by 90           PyAV rotation  -90  OpenCV shows: turned by 90   decord shows: turned by 90
#   turned by 180          PyAV rotation -180  OpenCV shows: turned by 180  decord shows: turned by 180
#   turned by 270          PyAV rotation   90  OpenCV shows: turned by 270  decord shows: turned by 270
#   mirrored left-right    PyAV rotation -180  OpenCV shows: turned by 180  decord shows: turned by 180
#   mirrored up-down       PyAV rotation    0  OpenCV shows: as stored      decord shows: as stored
#   mirrored on diagonal   PyAV rotation  -90  OpenCV shows: turned by 90   decord shows: turned by 90
#   mirrored on other one  PyAV rotation   90  OpenCV shows: turned by 270  decord shows: turned by 270
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 \
    opencv-python-headless==5.0.0.93 decord==0.6.0
venv/bin/python -I - <<'EOF'
import struct
import sys

import av
import cv2
import decord
import numpy as np

WIDTH, HEIGHT, ONE = 96, 64, 1 << 16
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
IMAGE[:32, :48], IMAGE[:32, 48:], IMAGE[32:, :48], IMAGE[32:, 48:] = (
    (220, 30, 30), (30, 220, 30), (30, 30, 220), (220, 220, 30))
MEANT = {  # (a, b, c, d) of x' = a x + c y, y' = b x + d y: what a player shows
    'as stored': ((1, 0, 0, 1), IMAGE),
    'turned by 90': ((0, 1, -1, 0), np.rot90(IMAGE, 3)),
    'turned by 180': ((-1, 0, 0, -1), np.rot90(IMAGE, 2)),
    'turned by 270': ((0, -1, 1, 0), np.rot90(IMAGE)),
    'mirrored left-right': ((-1, 0, 0, 1), np.fliplr(IMAGE)),
    'mirrored up-down': ((1, 0, 0, -1), np.flipud(IMAGE)),
    'mirrored on diagonal': ((0, 1, 1, 0), IMAGE.transpose(1, 0, 2)),
    'mirrored on other one': ((0, -1, -1, 0), np.rot90(IMAGE, 2).transpose(1, 0, 2)),
}


def look(picture):
    """The name of the orientation that this picture shows."""
    near = [name for name, (_, meant) in MEANT.items()
            if meant.shape == picture.shape and np.abs(meant.astype(int) - picture).mean() < 15]
    return near[0] if len(near) == 1 else f'unknown {near}'


with av.open('stored.mp4', 'w') as out:
    stream = out.add_stream('mpeg4', rate=25)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(5):
        frame = av.VideoFrame.from_ndarray(IMAGE, format='rgb24')
        frame.pts = i
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
stored = open('stored.mp4', 'rb').read()
header = stored.index(b'tkhd') - 4
matrix_at = header + struct.unpack('>I', stored[header : header + 4])[0] - 8 - 36  # before width and height

holds = True
for name, ((a, b, c, d), _) in MEANT.items():
    shift = (WIDTH * ONE if a + c < 0 else 0), (HEIGHT * ONE if b + d < 0 else 0)
    matrix = struct.pack('>9i', a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, *shift, 1 << 30)
    open('a.mp4', 'wb').write(stored[:matrix_at] + matrix + stored[matrix_at + 36 :])
    with av.open('a.mp4') as source:
        angle = next(source.decode(video=0)).rotation
    capture = cv2.VideoCapture('a.mp4')
    by_opencv = look(capture.read()[1][..., ::-1])
    capture.release()
    by_decord = look(decord.VideoReader('a.mp4')[0].asnumpy())
    print(f'{name:21}  PyAV rotation {angle:4}  OpenCV shows: {by_opencv:13}  decord shows: {by_decord}')
    right = {by_opencv, by_decord} == {name}
    holds &= not right if 'mirrored' in name else right
    holds &= by_opencv == by_decord
sys.exit(not holds)
EOF
