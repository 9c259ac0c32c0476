#!/usr/bin/env bash
# PyAV: colorspace and color_range of an encoder are written to the file, while RGB frames are encoded as if not set.
#
# One would guess: PyAV turns an RGB frame into the encoder's format by itself, so it does it with the matrix and range
#                  that the encoder was given; FFmpeg's command does, with -colorspace and -color_range.
# What happens:    the frame is always converted with BT.601 and limited range; the tags go into the stream as set.
#                  Readers believe them: with bt709 a colour is 32 levels off, with the full range black becomes 16
#                  and white 235. The file without any tag is right. Nothing is said. A reformat() with
#                  dst_colorspace and dst_color_range before encode() makes pixels and tags agree.
# Made here:       black, white, grey and four colours, by libx264 with crf 1 in .mp4.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen (of 12 lines; tags are matrix and range, 2 is "unspecified" and "full"):
#   no matrix, no range    PyAV               tags (2, 0)  off by up to  2: black [0, 0, 0] ... green [0, 199, 0]
#   bt709    , no range    PyAV               tags (1, 1)  off by up to 32: black [0, 0, 0] ... green [0, 168, 0]
#   bt709    , no range    PyAV with reformat tags (1, 1)  off by up to  2: black [0, 0, 0] ... green [0, 199, 0]
#   bt709    , no range    FFmpeg's command   tags (1, 1)  off by up to  2: black [0, 0, 0] ... green [0, 199, 0]
#   no matrix, full range  PyAV               tags (2, 2)  off by up to 20: black [16, 16, 16] ... green [13, 188, 14]
#   bt709    , full range  PyAV               tags (1, 2)  off by up to 39: black [16, 16, 16] ... green [0, 161, 9]
#   bt709    , full range  FFmpeg's command   tags (1, 2)  off by up to  3: black [0, 0, 0] ... green [0, 200, 0]
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
from av.video.reformatter import ColorRange, Colorspace

COLOURS = [(0, 0, 0), (255, 255, 255), (128, 128, 128), (0, 200, 0), (200, 0, 0), (0, 0, 200), (200, 200, 0)]
PICTURE = np.repeat(np.repeat(np.array(COLOURS, np.uint8)[None], 64, 0), 32, 1)
HEIGHT, WIDTH, _ = PICTURE.shape
MATRIX, FULL = 1, 2  # AVCOL_SPC_BT709, AVCOL_RANGE_JPEG
av.logging.set_level(av.logging.ERROR)


def encode(path, matrix, full, convert):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'crf': '1'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        if matrix:
            stream.codec_context.colorspace = MATRIX
        if full:
            stream.codec_context.color_range = FULL
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(PICTURE, format='rgb24')
            if convert:
                frame = frame.reformat(
                    format='yuv420p',
                    dst_colorspace=Colorspace.ITU709 if matrix else Colorspace.ITU601,
                    dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
                )
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def by_command(path, matrix, full):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-r', '25']
    command += ['-s', f'{WIDTH}x{HEIGHT}', '-i', '-', '-c:v', 'libx264', '-crf', '1', '-pix_fmt', 'yuv420p']
    command += ['-colorspace', 'bt709'] * matrix + ['-color_range', 'pc'] * full
    subprocess.run([*command, path], input=PICTURE.tobytes() * 3, check=True)


def read(path):
    """Tags of the stream and the middle of each colour."""
    with av.open(path) as source:
        frame = next(source.decode(video=0))
    return (frame.colorspace, frame.color_range), frame.to_ndarray(format='rgb24')[32, 16::32].astype(int)


holds = True
for matrix, full in ((False, False), (True, False), (False, True), (True, True)):
    name = f'{"bt709" if matrix else "no matrix":9}, {"full range" if full else "no range":10}'
    for how in ('PyAV', 'PyAV with reformat', "FFmpeg's command"):
        if how == "FFmpeg's command":
            by_command('a.mp4', matrix, full)
        else:
            encode('a.mp4', matrix, full, how != 'PyAV')
        tags, got = read('a.mp4')
        off = abs(got - COLOURS)
        print(f'{name}  {how:18} tags {tags}  off by up to {off.max():2}: black {got[0].tolist()} white '
              f'{got[1].tolist()} green {got[3].tolist()}')
        holds &= (tags[0] == MATRIX) == matrix and (tags[1] == FULL) == full
        holds &= off.max() > 15 if how == 'PyAV' and (matrix or full) else off.max() <= 4
sys.exit(not holds)
EOF
