#!/usr/bin/env bash
# torchcodec: at a constant rate, frame i asked for at i / fps is often the one before, and clips repeat frames in .mkv.
#
# One would guess: get_frames_played_at() of i / average_fps is frame i at a constant rate, and the clips that
#                  clips_at_regular_timestamps() cuts by default hold consecutive frames.
# What happens:    both compare seconds as floats with the stamps of the file. Matroska and WebM round stamps to 1 ms,
#                  up or down: at 30 frames a second frame 2 begins at 0.067, so at 2 / 30 frame 1 is played. A third of
#                  the frames are the one before, and every clip of 16 has frames twice and lacks others: 15, 16, 16,
#                  18, 19, 19. At 24 and 60 average_fps is off as well (24.005), and most frames are wrong. In .mp4 the
#                  rounding of floats is enough for single frames at 23.976 and for most clips at 24, and times of six
#                  digits, as tables and logs hold them, miss a third of the frames. A motion from frame to frame is
#                  then 0 or twice as large. No error, no warning.
# Remedy:          ask for indices (get_frames_at, clips_at_regular_indices), or for times in the middle of a frame.
# Made here:       120 pictures, each with its number as bars, at a constant rate, by libx264 without B-frames.
# Versions:        torchcodec 0.13.0, torch 2.13.0 (CPU), av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   24.mp4    :   0 of 118 wrong at i / 24.000, 39 of six digits, 0 in the middle; uneven: 7 of 9 by time, 0 by index
#   24.mkv    : 104 of 118 wrong at i / 24.005, 39 of six digits, 0 in the middle; uneven: 9 of 9 by time, 0 by index
#   25.mp4    :   0 of 118 wrong at i / 25.000,  0 of six digits, 0 in the middle; uneven: 1 of 9 by time, 0 by index
#   25.mkv    :   0 of 118 wrong at i / 25.000,  0 of six digits, 0 in the middle; uneven: 1 of 9 by time, 0 by index
#   30.mp4    :   0 of 118 wrong at i / 30.000, 39 of six digits, 0 in the middle; uneven: 1 of 7 by time, 0 by index
#   30.mkv    :  39 of 118 wrong at i / 30.000, 39 of six digits, 0 in the middle; uneven: 7 of 7 by time, 0 by index
#     a clip of it: 15 16 16 18 19 19 21 22 22 24 25 25 27 28 28 30
#   60.mp4    :   0 of 118 wrong at i / 60.000, 39 of six digits, 0 in the middle; uneven: 0 of 4 by time, 0 by index
#   60.mkv    : 104 of 118 wrong at i / 60.030, 39 of six digits, 0 in the middle; uneven: 4 of 4 by time, 0 by index
#   23.976.mp4:  45 of 118 wrong at i / 23.976, 39 of six digits, 0 in the middle; uneven: 0 of 9 by time, 0 by index
#   23.976.mkv: 105 of 118 wrong at i / 23.981, 59 of six digits, 0 in the middle; uneven: 1 of 9 by time, 0 by index
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
OMP_NUM_THREADS=1 LD_LIBRARY_PATH="$work/libraries:$bundled" venv/bin/python -I -W ignore - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np
from torchcodec.decoders import VideoDecoder
from torchcodec.samplers import clips_at_regular_indices, clips_at_regular_timestamps

COUNT, WIDTH, HEIGHT, CLIP = 120, 160, 64, 16


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def numbers_of(images):
    bars = (images[:, 16:48, 11 + 18 * bit : 19 + 18 * bit].mean((1, 2, 3)) for bit in range(8))
    return sum((bar > 125).astype(int) << bit for bit, bar in enumerate(bars))


def encode(path, rate):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=rate, options={'bf': '0', 'g': '12'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def wrong(decoder, times):
    """How many of frames 0, 1, 2, ... are others at these times."""
    found = numbers_of(decoder.get_frames_played_at(times).data.numpy())
    late = found - np.arange(len(times))
    assert ((late == 0) | (late == -1)).all()
    return int((late != 0).sum())


def uneven(clips):
    clips = [numbers_of(clip) for clip in clips.data.numpy()]
    return sum(bool((np.diff(clip) != 1).any()) for clip in clips), len(clips), clips[1]


holds = True
for name, rate in (('24', 24), ('25', 25), ('30', 30), ('60', 60), ('23.976', Fraction(24000, 1001))):
    for extension in ('mp4', 'mkv'):
        path = f'{name}.{extension}'
        encode(path, rate)
        decoder = VideoDecoder(path, dimension_order='NHWC')
        few = COUNT - 2  # 119 / fps may lie behind the end
        fps = decoder.metadata.average_fps
        ratio = wrong(decoder, [i / fps for i in range(few)])
        digits = wrong(decoder, [round(i / float(rate), 6) for i in range(few)])
        middle = wrong(decoder, [(i + 0.5) / float(rate) for i in range(few)])
        shared = {'num_frames_per_clip': CLIP, 'policy': 'error'}
        bad, clips, second = uneven(clips_at_regular_timestamps(decoder, seconds_between_clip_starts=0.5, **shared))
        by_index = uneven(clips_at_regular_indices(decoder, num_clips=clips, **shared))[0]
        print(f'{path:10}: {ratio:3} of {few} wrong at i / {fps:.3f}, {digits:2} of six digits, {middle} in the '
              f'middle; uneven: {bad} of {clips} by time, {by_index} by index')
        holds &= decoder[:].numpy().shape[0] == COUNT and middle == by_index == 0
        if path == '30.mkv':
            print(f'  a clip of it: {" ".join(map(str, second))}')
        if path in ('24.mkv', '30.mkv', '60.mkv'):
            holds &= ratio > 0.3 * few and bad == clips
        if name == '25' or path == '30.mp4':
            holds &= ratio == 0
        if name != '25':
            holds &= digits > 0.3 * few
sys.exit(not holds)
EOF
