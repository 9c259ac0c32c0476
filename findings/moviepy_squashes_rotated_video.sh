#!/usr/bin/env bash
# moviepy beside FFmpeg 9: a phone's portrait video comes out squashed to landscape.
#
# One would guess: clip.size and the frames of a video that a display matrix turns by 90 degrees are portrait, as
#                  moviepy says of FFmpeg's rotation and as they are with an older imageio-ffmpeg.
# What happens:    moviepy reads the angle from the text that FFmpeg prints, as "displaymatrix: rotation of". FFmpeg 9
#                  in imageio-ffmpeg 0.8.1 prints "Display Matrix: rotation of". So the angle is taken for 0, FFmpeg
#                  turns the frames, and the size that moviepy asks for squashes them. No warning; the two packages
#                  accept each other.
# Made here:       a picture with four coloured quarters, 96x64, by FFmpeg's mpeg4 encoder; the matrix in the track
#                  header box (ISO/IEC 14496-12, 8.3.2) is set to a quarter turn, as phones write it.
# Versions:        moviepy 2.2.1 with imageio-ffmpeg 0.6.0 (FFmpeg 7.0.2) and 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6; av
#                  18.1.0 makes the file
# Output seen:
#   imageio-ffmpeg 0.6.0, FFmpeg 7.0.2-static: "displaymatrix: rotation of -90.00 degrees"
#     moviepy: rotation 90, size (64, 96), frame 64x96, blue red yellow green
#   imageio-ffmpeg 0.8.1, FFmpeg n9.0.2-17-g2a571b6068-20260930: "Display Matrix: rotation of -90.00 degrees"
#     moviepy: rotation 0, size (96, 64), frame 96x64, blue red yellow green
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 moviepy==2.2.1 \
    imageio-ffmpeg==0.6.0
cat > look.py <<'EOF'
import struct
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from moviepy import VideoFileClip

WIDTH, HEIGHT, ONE = 96, 64, 1 << 16
NAMES = {'red': (220, 30, 30), 'green': (30, 220, 30), 'blue': (30, 30, 220), 'yellow': (220, 220, 30)}
image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
image[:32, :48], image[:32, 48:], image[32:, :48], image[32:, 48:] = NAMES.values()
with av.open('stored.mp4', 'w') as out:
    stream = out.add_stream('mpeg4', rate=25)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
    for i in range(5):
        frame = av.VideoFrame.from_ndarray(image, format='rgb24')
        frame.pts = i
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
stored = open('stored.mp4', 'rb').read()
header = stored.index(b'tkhd') - 4
at = header + struct.unpack('>I', stored[header : header + 4])[0] - 8 - 36  # before width and height
turned = struct.pack('>9i', 0, ONE, 0, -ONE, 0, 0, HEIGHT * ONE, 0, 1 << 30)
open('a.mp4', 'wb').write(stored[:at] + turned + stored[at + 36 :])

command = [imageio_ffmpeg.get_ffmpeg_exe(), '-hide_banner', '-i', 'a.mp4']
printed = subprocess.run(command, capture_output=True, text=True)
[line] = [line.strip() for line in printed.stderr.splitlines() if 'rotation of' in line]
with VideoFileClip('a.mp4', audio=False) as clip:
    picture, size, rotation = clip.get_frame(0), clip.size, clip.rotation
high, wide = picture.shape[:2]
quarters = [picture[high * y // 4, wide * x // 4].astype(int) for y in (1, 3) for x in (1, 3)]
colours = [min(NAMES, key=lambda name: np.abs(quarter - NAMES[name]).sum()) for quarter in quarters]
print(f'imageio-ffmpeg {imageio_ffmpeg.__version__}, FFmpeg {imageio_ffmpeg.get_ffmpeg_version()}: "{line}"')
print(f'  moviepy: rotation {rotation:g}, size {tuple(size)}, frame {wide}x{high}, {" ".join(colours)}')
sys.exit(0 if (wide, high) == tuple(map(int, sys.argv[1:])) and colours == ['blue', 'red', 'yellow', 'green'] else 1)
EOF
holds=0
venv/bin/python -I -W ignore look.py 64 96 || holds=1
venv/bin/python -m pip install -q --disable-pip-version-check imageio-ffmpeg==0.8.1
venv/bin/python -I -W ignore look.py 96 64 || holds=1
exit $holds
