#!/usr/bin/env bash
# VP8's hidden frames: torchcodec's exact mode and decord count them, so an index means an earlier picture.
#
# One would guess: a WebM of 120 pictures has 120 frames in every reader, and a mode called exact, which looks at each
#                  packet, is right where the approximate mode is.
# What happens:    libvpx codes VP8 with alternate reference frames: packets that are decoded and not shown. FFmpeg's
#                  decoder gives no frame for them. torchcodec's exact mode, its default, and decord count packets: 134
#                  frames of 120. In random order 58 of 60 indices of the one and 39 of the other give a picture up to
#                  13 and 9 earlier, without an error. torchcodec's approximate mode, PyAV and OpenCV are right, and so
#                  is torchcodec with VP9, where a hidden frame shares its packet with a shown one.
# Made here:       120 pictures, each with its number as bars, 25 a second, by libvpx in two passes.
# Versions:        torchcodec 0.13.0, torch 2.13.0 (CPU), decord 0.6.0, opencv-python-headless 5.0.0.93, av 18.1.0
#                  (FFmpeg 8.1.2), imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2) for encoding, numpy 2.4.6
# Output seen:
#   vp8.webm: 134 packets, PyAV 120 frames, OpenCV 120
#     torchcodec, exact      : length 134, random 58 of 60 wrong, 0 errors, off by -13 to 0
#     torchcodec, approximate: length 120, random  0 of 60 wrong, 0 errors, off by 0 to 0
#     decord                 : length 134, random 39 of 60 wrong, 0 errors, off by -9 to 0
#   vp9.webm: 120 packets, PyAV 120 frames, OpenCV 120
#     torchcodec, exact      : length 120, random  0 of 60 wrong, 0 errors, off by 0 to 0
#     torchcodec, approximate: length 120, random  0 of 60 wrong, 0 errors, off by 0 to 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 torchcodec==0.13.0 av==18.1.0 \
    decord==0.6.0 opencv-python-headless==5.0.0.93 imageio-ffmpeg==0.8.1 numpy==2.4.6
# torchcodec brings no FFmpeg: the libraries of the av wheel, under the names that it looks for
bundled=$(venv/bin/python -I -c 'import av, pathlib; print(pathlib.Path(av.__file__).parents[1] / "av.libs")')
mkdir libraries
for library in "$bundled"/lib{av,sw}*.so.*; do
    name=$(basename "$library")
    major=${name#*.so.}
    ln -s "$library" "libraries/${name%%-*}.so.${major%%.*}"
done
LD_LIBRARY_PATH="$work/libraries:$bundled" venv/bin/python -I -W ignore - <<'EOF'
import random
import subprocess
import sys

import av
import cv2
import decord
import imageio_ffmpeg
import numpy as np
from torchcodec.decoders import VideoDecoder

COUNT, WIDTH, HEIGHT = 120, 160, 64
decord.logging.set_level(decord.logging.QUIET)


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, encoder):
    raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{WIDTH}x{HEIGHT}', '-r', '25', '-i', '-']
    coder = ['-c:v', encoder, '-pix_fmt', 'yuv420p', '-b:v', '400k', '-g', '40', '-auto-alt-ref', '1']
    pictures = b''.join(picture(i).tobytes() for i in range(COUNT))
    for number, target in (('1', ['-f', 'null', '-']), ('2', [path])):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), '-y', '-loglevel', 'error', *raw, *coder]
        subprocess.run([*command, '-lag-in-frames', '16', '-pass', number, *target], input=pictures, check=True)


def by_opencv(path):
    capture = cv2.VideoCapture(path)
    while (read := capture.read())[0]:
        yield number_of(read[1])
    capture.release()


def torchcodec(mode):
    def reader(path):
        decoder = VideoDecoder(path, seek_mode=mode)
        return len(decoder), lambda i: number_of(decoder[i].permute(1, 2, 0).numpy())

    return reader


def decord_reader(path):
    reader = decord.VideoReader(path)
    return len(reader), lambda i: number_of(reader[i].asnumpy())


READERS = {'torchcodec, exact': torchcodec('exact'), 'torchcodec, approximate': torchcodec('approximate'),
           'decord': decord_reader}
asked = random.Random(0).sample(range(COUNT), 60)
holds = True
for path, encoder, hidden in (('vp8.webm', 'libvpx', 14), ('vp9.webm', 'libvpx-vp9', 0)):
    encode(path, encoder)
    with av.open(path) as source:
        packets = sum(packet.size > 0 for packet in source.demux(video=0))
    with av.open(path) as source:
        shown = [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)]
    opencv = list(by_opencv(path))
    print(f'{path}: {packets} packets, PyAV {len(shown)} frames, OpenCV {len(opencv)}')
    holds &= shown == opencv == list(range(COUNT)) and packets == COUNT + hidden
    for name, reader in READERS.items():
        if name == 'decord' and not hidden:
            continue  # VP9 is another matter there
        length, frame = reader(path)
        offsets, errors = [], 0
        for i in asked:
            try:
                offsets.append(frame(i) - i)
            except RuntimeError:
                errors += 1
        wrong = sum(offset != 0 for offset in offsets)
        print(f'  {name:23}: length {length}, random {wrong:2} of {len(asked)} wrong, {errors} errors, '
              f'off by {min(offsets)} to {max(offsets)}')
        right = 'approximate' in name or not hidden
        holds &= (length, wrong, errors) == (COUNT, 0, 0) if right else length == packets and wrong > 30
sys.exit(not holds)
EOF
