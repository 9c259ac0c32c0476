#!/usr/bin/env bash
# torchcodec: in seek_mode="exact" decoder[i] is another frame than the i-th in .avi and .mpg with B-frames.
#
# One would guess: the exact mode, which scans the file first, gives frame i of a sequential decode in any container.
# What happens:    .mp4 is right, and so is .avi without B-frames. With B-frames in .avi and .mpg the number of frames
#                  is right, and over 45 of 60 indices give another picture in random order, one or two frames off;
#                  MPEG-4 in .avi has indices with an error as well. In rising order all but one or two are right.
#                  H.264 in .avi has decoding times for presentation times; MPEG-4 in .avi and MPEG-2 in .mpg have
#                  right ones, in packets and frames.
# Made here:       60 pictures, each with its number as bars, 25 a second, a key frame at every 12th.
# Versions:        torchcodec 0.13.0, torch 2.13.0 (CPU), av 18.1.0 (FFmpeg 8.1.2), whose sequential decode is right
# Output seen:
#   H.264.mp4               PyAV right; torchcodec: 60 frames, random 0 wrong, 0 errors, in order 0; off [0, 0, 0]
#   MPEG-4.mp4              PyAV right; torchcodec: 60 frames, random 0 wrong, 0 errors, in order 0; off [0, 0, 0]
#   H.264, no B-frames.avi  PyAV right; torchcodec: 60 frames, random 0 wrong, 0 errors, in order 0; off [0, 0, 0]
#   MPEG-4, no B-frames.avi PyAV right; torchcodec: 60 frames, random 0 wrong, 0 errors, in order 0; off [0, 0, 0]
#   H.264.avi               PyAV right; torchcodec: 60 frames, random 52 wrong, 0 errors, in order 2; off [-1, -2, -2]
#   MPEG-4.avi              PyAV right; torchcodec: 60 frames, random 53 wrong, 2 errors, in order 1; off [-1, -1, 2]
#   MPEG-2.mpg              PyAV right; torchcodec: 60 frames, random 48 wrong, 0 errors, in order 1; off [-1, -1, 2]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 torchcodec==0.13.0 av==18.1.0 numpy==2.4.6
# torchcodec brings no FFmpeg: the libraries of the av wheel, under the names that it looks for
bundled=$(venv/bin/python -I -c 'import av, pathlib; print(pathlib.Path(av.__file__).parents[1] / "av.libs")')
mkdir libraries
for library in "$bundled"/lib{av,sw}*.so.*; do
    name=$(basename "$library")
    major=${name#*.so.}
    ln -s "$library" "libraries/${name%%-*}.so.${major%%.*}"
done
LD_LIBRARY_PATH="$work/libraries:$bundled" venv/bin/python -I - <<'EOF'
import random
import sys

import av
import numpy as np
from torchcodec.decoders import VideoDecoder

COUNT, WIDTH, HEIGHT = 60, 160, 64
FILES = {
    'H.264.mp4': ('libx264', 3),
    'MPEG-4.mp4': ('mpeg4', 2),
    'H.264, no B-frames.avi': ('libx264', 0),
    'MPEG-4, no B-frames.avi': ('mpeg4', 0),
    'H.264.avi': ('libx264', 3),
    'MPEG-4.avi': ('mpeg4', 2),
    'MPEG-2.mpg': ('mpeg2video', 2),
}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, codec, b_frames):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, bit_rate=2_000_000)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 12, b_frames
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def found(decoder, index):
    """The number of the picture that index gives, or None where torchcodec raises an error."""
    try:
        return number_of(decoder[index].numpy())
    except RuntimeError:
        return None


holds = True
for path, (codec, b_frames) in FILES.items():
    encode(path, codec, b_frames)
    with av.open(path) as source:
        numbers = [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)]
    in_order = numbers == list(range(COUNT))
    decoder = VideoDecoder(path, dimension_order='NHWC', seek_mode='exact')
    asked = random.Random(0).sample(range(COUNT), COUNT)
    got = {index: found(decoder, index) for index in asked}
    wrong = sum(number not in (index, None) for index, number in got.items())
    errors = sum(number is None for number in got.values())
    fresh = VideoDecoder(path, dimension_order='NHWC', seek_mode='exact')
    later = sum(found(fresh, index) != index for index in range(COUNT))
    offsets = [got[index] - index if got[index] is not None else None for index in (1, 2, 10)]
    print(f'{path:23} PyAV {"right" if in_order else "wrong"}; torchcodec: {len(decoder)} frames, random {wrong} '
          f'wrong, {errors} errors, in order {later}; off {offsets}')
    bad = path.endswith('.mpg') or (path.endswith('.avi') and b_frames > 0)
    holds &= in_order and len(decoder) == COUNT and (wrong > COUNT // 2 if bad else wrong + errors == 0)
sys.exit(not holds)
EOF
