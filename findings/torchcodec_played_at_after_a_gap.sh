#!/usr/bin/env bash
# torchcodec: in .mp4 and .mov with B-frames, after a still second, get_frame_played_at(t) gives a frame shown before t.
#
# One would guess: get_frame_played_at(t) is the frame on screen at t, and equals get_frames_played_at([t])[0].
# What happens:    a screen recording that stands still for a second (a gap in the time stamps; its rate varies) gives
#                  one and the same frame for each t in the second after the gap: 30 of 60 are wrong.
#                  get_frames_played_at, decoder[i] and the same recording in .mkv or without B-frames are right.
#                  .mp4 and .mov derive a packet's duration from decoding times, so that the frame whose packet comes
#                  before the gap in decoding order, and is shown after it, claims the gap's second.
# Made here:       pictures with their number as bars; frames 0 to 19 and 50 to 89 of 30 a second, libx264.
# Versions:        torchcodec 0.13.0, torch 2.13.0 (CPU), av 18.1.0 (FFmpeg 8.1.2)
# Output seen:
#   plain.mp4    PyAV right, by index right; one time 0 of 60 wrong [] []; many times 0 wrong
#   B-frames.mkv PyAV right, by index right; one time 0 of 60 wrong [] []; many times 0 wrong
#   B-frames.mp4 PyAV right, by index right; one time 30 of 60 wrong [(52, 51), (53, 51)] [(81, 51)]; many times 0 wrong
#   B-frames.mov PyAV right, by index right; one time 30 of 60 wrong [(52, 51), (53, 51)] [(81, 51)]; many times 0 wrong
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
import sys

import av
import numpy as np
from torchcodec.decoders import VideoDecoder

RATE, WIDTH, HEIGHT = 30, 160, 64
SHOWN = [*range(20), *range(50, 90)]  # for a second the screen stands still


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, b_frames):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=RATE, options={'crf': '15'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 12, b_frames
        for i in SHOWN:
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for path, b_frames in (('plain.mp4', 0), ('B-frames.mkv', 3), ('B-frames.mp4', 3), ('B-frames.mov', 3)):
    encode(path, b_frames)
    with av.open(path) as source:
        shown = [(frame.time, number_of(frame.to_ndarray(format='rgb24'))) for frame in source.decode(video=0)]
    right = [number for _, number in shown] == SHOWN
    decoder = VideoDecoder(path, dimension_order='NHWC', seek_mode='exact')
    times = [time + 0.5 / RATE for time, _ in shown]  # in the middle of each frame
    one = [number_of(decoder.get_frame_played_at(time).data.numpy()) for time in times]
    many = [number_of(image.numpy()) for image in decoder.get_frames_played_at(times).data]
    indexed = [number_of(decoder[i].numpy()) for i in range(len(decoder))]
    wrong = [(number, found) for number, found in zip(SHOWN, one) if number != found]
    several = sum(number != found for number, found in zip(SHOWN, many))
    print(f'{path:12} PyAV {"right" if right else "wrong"}, by index {"right" if indexed == SHOWN else "wrong"}; '
          f'one time {len(wrong)} of {len(SHOWN)} wrong {wrong[:2]} {wrong[-1:]}; many times {several} wrong')
    bad = path in ('B-frames.mp4', 'B-frames.mov')
    holds &= right and indexed == SHOWN and several == 0 and (len(wrong) > 20 if bad else not wrong)
sys.exit(not holds)
EOF
