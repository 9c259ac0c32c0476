#!/usr/bin/env bash
# PyAV cannot list the side data of a frame that carries EXIF, although it reads the same frame's rotation.
#
# One would guess: frame.side_data lists what FFmpeg attached to a frame, and leaves out or names what PyAV does not
#                  know.
# What happens:    FFmpeg 8 attaches the EXIF of JPEG, PNG, TIFF and WebP as AV_FRAME_DATA_EXIF, number 31. PyAV's list
#                  of types ends before it, so every access to frame.side_data is a ValueError: the display matrix and
#                  motion vectors of such a frame cannot be read by it. frame.rotation, which asks FFmpeg for one
#                  entry, is right. In Motion JPEG it ends a loop over the frames of a video.
# Made here:       one picture in four formats, and five JPEGs in an .avi, with orientation 6 in their EXIF; and the
#                  same without EXIF. A TIFF is EXIF's own format: FFmpeg attaches it to all of them.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), pillow 12.0.0, numpy 2.4.6
# Output seen:
#   without EXIF  .jpg   rotation   0, side_data has 0 entries
#   without EXIF  .png   rotation   0, side_data has 0 entries
#   without EXIF  .tif   rotation   0, side_data: ValueError: 31 is not a valid Type
#   without EXIF  .webp  rotation   0, side_data has 0 entries
#   without EXIF  .avi   rotation   0, side_data has 0 entries
#   with EXIF     .jpg   rotation -90, side_data: ValueError: 31 is not a valid Type
#   with EXIF     .png   rotation -90, side_data: ValueError: 31 is not a valid Type
#   with EXIF     .tif   rotation -90, side_data: ValueError: 31 is not a valid Type
#   with EXIF     .webp  rotation -90, side_data: ValueError: 31 is not a valid Type
#   with EXIF     .avi   rotation -90, side_data: ValueError: 31 is not a valid Type
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 pillow==12.0.0
venv/bin/python -I - <<'EOF'
import sys
from pathlib import Path

import av
import numpy as np
from PIL import Image

ORIENTATION = 0x0112
picture = Image.fromarray(np.full((48, 64, 3), 90, np.uint8))


def motion_jpeg(path, jpeg):
    with av.open(path, 'w') as out:
        stream = out.add_stream('mjpeg', rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p'
        for number in range(5):
            packet = av.Packet(jpeg)
            packet.pts = packet.dts = number
            packet.stream, packet.is_keyframe = stream, True
            out.mux(packet)


holds = True
for words, exif in (('without EXIF', Image.Exif()), ('with EXIF', Image.Exif())):
    if words == 'with EXIF':
        exif[ORIENTATION] = 6
    for suffix in ('jpg', 'png', 'tif', 'webp', 'avi'):
        path = f'a.{suffix}'
        if suffix == 'avi':
            motion_jpeg(path, Path('a.jpg').read_bytes())
        else:
            picture.save(path, **({'exif': exif} if exif else {}))
        with av.open(path) as source:
            frame = next(source.decode(video=0))
            rotation = frame.rotation
            try:
                told = f' has {len(frame.side_data)} entries'
            except ValueError as error:
                told = f': ValueError: {error}'
        print(f'{words:13} .{suffix:5} rotation {rotation:3}, side_data{told}')
        if words == 'with EXIF':
            holds &= rotation == -90 and 'ValueError' in told
        else:
            holds &= rotation == 0 and (told == ' has 0 entries' or suffix == 'tif')
sys.exit(not holds)
EOF
