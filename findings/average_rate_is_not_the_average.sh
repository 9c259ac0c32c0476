#!/usr/bin/env bash
# average_rate of a variable-rate file in Matroska or WebM is not its average rate.
#
# One would guess: stream.average_rate (FFmpeg's avg_frame_rate) is frames divided by time.
# What happens:    it is so in .mp4 and .mov. In Matroska and WebM it repeats the frame duration that the writer
#                  stated in the track header, even if no two frames follow each other that fast. Whoever plays or
#                  samples by it is 2.5 or 4 times too fast.
# Made here:       frames at 10 a second throughout, and 20 of 10 a second followed by 20 of 40 a second; the encoder
#                  is told rate=40, the time stamps are exact in every container.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   all at 10 fps  .mp4   40 frames, by their times 10.00 fps; average_rate 10.19, guessed_rate 10.00
#   all at 10 fps  .mov   40 frames, by their times 10.00 fps; average_rate 10.19, guessed_rate 10.00
#   all at 10 fps  .mkv   40 frames, by their times 10.00 fps; average_rate 40.00, guessed_rate 40.00
#   all at 10 fps  .webm  40 frames, by their times 10.00 fps; average_rate 40.00, guessed_rate 40.00
#   10 then 40 fps .mp4   40 frames, by their times 15.76 fps; average_rate 16.00, guessed_rate 40.00
#   10 then 40 fps .mov   40 frames, by their times 15.76 fps; average_rate 16.00, guessed_rate 40.00
#   10 then 40 fps .mkv   40 frames, by their times 15.76 fps; average_rate 40.00, guessed_rate 40.00
#   10 then 40 fps .webm  40 frames, by their times 15.76 fps; average_rate 40.00, guessed_rate 40.00
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np

TIMES = {  # in units of 1/40 s
    'all at 10 fps': [4 * i for i in range(40)],
    '10 then 40 fps': [4 * i for i in range(20)] + [80 + i for i in range(20)],
}


def write(path, times):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libvpx' if path.endswith('webm') else 'mpeg4', rate=40)
        stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((96, 64), 60 + i, np.uint8), format='yuv420p')
            frame.pts, frame.time_base = time, Fraction(1, 40)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds = True
for name, times in TIMES.items():
    for suffix in ('mp4', 'mov', 'mkv', 'webm'):
        write(f'a.{suffix}', times)
        with av.open(f'a.{suffix}') as source:
            stream = source.streams.video[0]
            average, guessed = float(stream.average_rate), float(stream.guessed_rate)
            seen = [frame.time for frame in source.decode(stream)]
        mean = (len(seen) - 1) / (seen[-1] - seen[0])
        print(f'{name:14} .{suffix:4}  {len(seen)} frames, by their times {mean:.2f} fps;',
              f'average_rate {average:.2f}, guessed_rate {guessed:.2f}')
        right = abs(average / mean - 1) < 0.1
        holds &= right if suffix in ('mp4', 'mov') else average == 40
        holds &= np.allclose(seen, np.array(times) / 40, atol=0.001)
sys.exit(not holds)
EOF
