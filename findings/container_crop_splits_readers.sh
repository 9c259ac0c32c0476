#!/usr/bin/env bash
# A crop in the container: FFmpeg's command cuts the picture, PyAV, OpenCV and decord do not, and moviepy squashes it.
#
# One would guess: .mp4 and .mkv with a crop (the clean aperture box; PixelCropTop and its kind) give the same picture
#                  in all readers that are built on FFmpeg, and in both plugins of imageio.
# What happens:    FFmpeg's command cuts since version 7.1, and so does imageio's FFMPEG plugin, which is that command.
#                  The libraries hand out the crop as side data of the stream, and who reads by them gets the whole
#                  picture: PyAV, OpenCV, decord, imageio's PyAV plugin. PyAV does not show the crop anywhere. moviepy
#                  asks the command for the whole size and gets the cut picture stretched to it.
# Made here:       96x64, red with a green and a blue field of 32x32 in the middle, by libx264; then a crop to these
#                  two fields is written into the container: a clap box (ISO/IEC 14496-12, 12.1.4), four elements of
#                  Matroska (RFC 9559, 5.1.4.1.28).
# Versions:        av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93, decord 0.6.0, imageio 2.38.1,
#                  imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), moviepy 2.2.1, numpy 2.4.6
# Output seen (of each reader the size, and the colours at five places of the middle line):
#   whole.mp4 PyAV            96x64: red green green blue red      (and so the other five)
#   crop.mp4  PyAV            96x64: red green green blue red
#   crop.mp4  OpenCV          96x64: red green green blue red
#   crop.mp4  decord          96x64: red green green blue red
#   crop.mp4  imageio, pyav   96x64: red green green blue red
#   crop.mp4  imageio, FFMPEG 64x32: green green green blue blue
#   crop.mp4  moviepy         96x64: green green green blue blue   (and crop.mkv the same in all six)
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 decord==0.6.0 \
    opencv-python-headless==5.0.0.93 imageio==2.38.1 imageio-ffmpeg==0.8.1 moviepy==2.2.1
venv/bin/python -I -W ignore - <<'EOF'
import logging
import struct
import sys

import av
import cv2
import decord
import imageio.v3 as iio
import numpy as np
from moviepy import VideoFileClip

logging.disable(logging.WARNING)
WIDTH, HEIGHT = 96, 64
COLOURS = {'red': (200, 30, 30), 'green': (30, 180, 30), 'blue': (30, 30, 200)}
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
IMAGE[:], IMAGE[16:48, 16:48], IMAGE[16:48, 48:80] = COLOURS['red'], COLOURS['green'], COLOURS['blue']


def encode(path):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'qp': '5'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(10):
            frame = av.VideoFrame.from_ndarray(IMAGE, format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return open(path, 'rb').read()


def crop_mp4(data):
    """A clap box of 64x32 in the middle, behind avcC; the index stands behind the pictures, so no offset changes."""
    assert data.index(b'moov') > data.index(b'mdat')
    box = struct.pack('>I4s8I', 40, b'clap', 64, 1, 32, 1, 0, 1, 0, 1)
    result = bytearray(data)
    for name in (b'moov', b'trak', b'mdia', b'minf', b'stbl', b'stsd', b'avc1'):
        at = data.index(name) - 4
        result[at : at + 4] = struct.pack('>I', struct.unpack('>I', data[at : at + 4])[0] + len(box))
    at = data.index(b'avcC') - 4
    end = at + struct.unpack('>I', data[at : at + 4])[0]
    result[end:end] = box
    return bytes(result)


def crop_mkv(data):
    """16 pixels from each side, in the Video element; the two elements that hold offsets become Void."""
    elements = bytes.fromhex('54bb8110 54aa8110 54cc8110 54dd8110')
    result = bytearray(data)

    def walk(at, end):
        changes = []  # (place, bytes, length of what they replace)
        while at < end:
            id_length = 9 - data[at].bit_length()
            length = 9 - data[at + id_length].bit_length()
            body = at + id_length + length
            mask = (1 << 7 * length) - 1
            size = int.from_bytes(data[at + id_length : body], 'big') & mask
            name, stop = data[at : at + id_length].hex(), body + size
            if name in ('114d9b74', '1c53bb6b'):  # SeekHead, Cues
                wide = 3 + length
                changes.append((at, b'\xec' + (size | 1 << 7 * wide).to_bytes(wide, 'big'), body - at))
            if name in ('18538067', '1654ae6b', 'ae', 'e0'):  # Segment, Tracks, TrackEntry, Video
                grown = (size + len(elements) | mask + 1).to_bytes(length, 'big')
                changes.append((at + id_length, grown, length))
                changes += walk(body, stop) if name != 'e0' else [(stop, elements, 0)]
            at = stop
        return changes

    for place, written, length in sorted(walk(0, len(data)), reverse=True):
        result[place : place + length] = written
    return bytes(result)


def look(image):
    """The size, and the colours at five places of the middle line."""
    high, wide = image.shape[:2]
    points = [image[high // 2, wide * place // 10].astype(int) for place in (1, 3, 4, 6, 9)]
    return f'{wide}x{high}', [min(COLOURS, key=lambda name: np.abs(point - COLOURS[name]).sum()) for point in points]


def by_pyav(path):
    with av.open(path) as source:
        return next(source.decode(video=0)).to_ndarray(format='rgb24')


def by_moviepy(path):
    with VideoFileClip(path, audio=False) as clip:
        return clip.get_frame(0)


READERS = {
    'PyAV': by_pyav,
    'OpenCV': lambda path: cv2.VideoCapture(path).read()[1][..., ::-1],
    'decord': lambda path: decord.VideoReader(path)[0].asnumpy(),
    'imageio, pyav': lambda path: iio.imread(path, index=0, plugin='pyav'),
    'imageio, FFMPEG': lambda path: iio.imread(path, index=0, plugin='FFMPEG'),
    'moviepy': by_moviepy,
}
WHOLE = ('96x64', ['red', 'green', 'green', 'blue', 'red'])
CUT = ['green', 'green', 'green', 'blue', 'blue']
open('crop.mp4', 'wb').write(crop_mp4(encode('whole.mp4')))
open('crop.mkv', 'wb').write(crop_mkv(encode('whole.mkv')))
holds = True
for path in ('whole.mp4', 'crop.mp4', 'crop.mkv'):
    for name, read in READERS.items():
        size, colours = look(read(path))
        print(f'{path:9} {name:15} {size}: {" ".join(colours)}')
        expected = WHOLE
        if path != 'whole.mp4':
            expected = {'imageio, FFMPEG': ('64x32', CUT), 'moviepy': ('96x64', CUT)}.get(name, WHOLE)
        holds &= (size, colours) == expected
sys.exit(not holds)
EOF
