#!/usr/bin/env bash
# PySceneDetect: at a variable rate its frame numbers are no frames of the file, and each backend has others.
#
# One would guess: a scene that begins at frame n begins with the n-th picture of the file, whichever backend reads it,
#                  and at the time at which that picture is shown.
# What happens:    get_frames() is a time multiplied by a rate that the backend takes for constant. Where the cut is at
#                  picture 75 and at 7.0 s, OpenCV's backend says 61, PyAV's 175 in a file of 100 pictures. moviepy's
#                  says 175 and 20.2 s of a video of 12 s. So pictures or labels that are fetched by number are those
#                  of another scene. At a constant rate all three say 75 and 3.0 s.
# Made here:       75 red pictures and 25 blue ones by libx264; at 25 a second, and 50 at 25 a second followed by 50 at
#                  5 a second, in .mp4.
# Versions:        scenedetect-headless 0.7.2, opencv-python-headless 5.0.0.93, av 18.1.0 (FFmpeg 8.1.2), moviepy
#                  2.2.1, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   constant: the cut is at picture 75, 3.00 s, in 100 pictures of 3.96 s
#     opencv  the second scene begins at frame  75,  3.00 s
#     pyav    the second scene begins at frame  75,  3.00 s
#     moviepy the second scene begins at frame  75,  3.00 s
#   variable: the cut is at picture 75, 7.00 s, in 100 pictures of 11.80 s
#     opencv  the second scene begins at frame  61,  7.00 s
#     pyav    the second scene begins at frame 175,  7.00 s
#     moviepy the second scene begins at frame 175, 20.16 s
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 scenedetect-headless==0.7.2 \
    opencv-python-headless==5.0.0.93 moviepy==2.2.1 imageio-ffmpeg==0.8.1
venv/bin/python -I -W ignore - <<'EOF'
import sys
from fractions import Fraction

import av
import numpy as np
from scenedetect import ContentDetector, detect

CUT, COUNT, WIDTH, HEIGHT = 75, 100, 320, 240
TIMES = {
    'constant': list(range(COUNT)),
    'variable': [i if i < 50 else 50 + 5 * (i - 50) for i in range(COUNT)],  # in 25ths of a second
}


def encode(path, times):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options={'crf': '15'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i, time in enumerate(times):
            image = np.full((HEIGHT, WIDTH, 3), (200, 20, 20) if i < CUT else (20, 20, 200), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


holds, starts = True, {}
for name, times in TIMES.items():
    path = f'{name}.mp4'
    encode(path, times)
    with av.open(path) as source:
        shown = [frame.time for frame in source.decode(video=0)]
    assert len(shown) == COUNT
    print(f'{name}: the cut is at picture {CUT}, {shown[CUT]:.2f} s, in {COUNT} pictures of {shown[-1]:.2f} s')
    for backend in ('opencv', 'pyav', 'moviepy'):
        _, (start, _) = detect(path, ContentDetector(), backend=backend)
        starts[name, backend] = start.get_frames(), start.get_seconds()
        print(f'  {backend:7} the second scene begins at frame {start.get_frames():3}, {start.get_seconds():5.2f} s')
    if name == 'constant':
        holds &= all(starts[name, backend] == (CUT, 3.0) for backend in ('opencv', 'pyav', 'moviepy'))
    else:
        holds &= abs(starts[name, 'opencv'][1] - 7) < 0.1 and abs(starts[name, 'pyav'][1] - 7) < 0.1
        holds &= starts[name, 'opencv'][0] < CUT < COUNT < starts[name, 'pyav'][0]
        holds &= starts[name, 'moviepy'][0] > COUNT and starts[name, 'moviepy'][1] > 15
sys.exit(not holds)
EOF
