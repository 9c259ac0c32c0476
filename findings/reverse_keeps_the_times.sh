#!/usr/bin/env bash
# FFmpeg's reverse filter at a variable rate: the pictures turn round, their times do not, and the sound's do.
#
# One would guess: the reversed clip is the mirror in time: what is shown at t is shown at the end less t, as areverse
#                  does with the sound.
# What happens:    the last picture gets the time of the first one, and so on: each picture is shown as long as the one
#                  that had its place. Of a clip that has a picture each 0.04 s and then, in the dark or on a still
#                  slide, each 0.48 s, pictures are shown up to 4.0 s from their mirrored time, the wait moves to other
#                  pictures, and a flash and its bang, at once before, are 4.0 s apart. At a constant rate all is
#                  right. Reversing twice gives the clip again, so that does not tell. No error, no warning.
# Made here:       40 pictures at a constant and at a variable rate, one of them white, with a bang in the sound at its
#                  time; mpeg4 and pcm_s16le in .mkv.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   constant rate: 6.24 s; pictures up to 0.00 s from their mirrored time; flash and bang 0.00 s apart, reversed 0.03 s
#   variable rate: 5.52 s; pictures up to 3.96 s from their mirrored time; flash and bang 0.00 s apart, reversed 3.99 s
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 imageio-ffmpeg==0.8.1 numpy==2.4.6
venv/bin/python -I -W ignore - <<'EOF'
import subprocess
import sys
from fractions import Fraction

import av
import imageio_ffmpeg
import numpy as np

COUNT, WHITE, RATE, CLOCK = 40, 26, 8000, Fraction(1, 25)
TIMES = {  # in units of CLOCK
    'constant': np.arange(COUNT) * 4,
    'variable': np.r_[np.arange(30), 30 + 12 * np.arange(COUNT - 30)],
}
STEP = 4  # between the levels of two pictures


def write(path, times):
    with av.open(path, 'w') as out:
        video = out.add_stream('mpeg4', rate=25, options={'qscale': '1', 'bf': '0'})
        video.width, video.height, video.pix_fmt, video.codec_context.time_base = 64, 48, 'yuv420p', CLOCK
        sound = out.add_stream('pcm_s16le', rate=RATE, layout='mono')
        for i, time in enumerate(times):
            level = 255 if i == WHITE else 20 + STEP * i
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format='rgb24')
            frame.pts, frame.time_base = int(time), CLOCK
            out.mux(video.encode(frame))
        samples = np.zeros(int((times[-1] + 1) * CLOCK * RATE), np.int16)
        samples[int(times[WHITE] * CLOCK * RATE) :][:80] = 20000
        for first in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[None, first : first + RATE], format='s16', layout='mono')
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            out.mux(sound.encode(frame))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


def read(path):
    """The times and the levels of the pictures, and the time of the bang."""
    with av.open(path) as source:
        shown = [(frame.time, frame.to_ndarray(format='gray').mean()) for frame in source.decode(video=0)]
    with av.open(path) as source:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in source.decode(audio=0)])
    return *np.array(shown).T, np.flatnonzero(samples > 10000)[0] / RATE


holds = True
for name, times in TIMES.items():
    write(f'{name}.mkv', times)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', f'{name}.mkv', '-vf', 'reverse', '-af', 'areverse']
    command += ['-fps_mode', 'passthrough', '-c:v', 'ffv1', '-c:a', 'pcm_s16le', 'reversed.mkv', '-y']
    subprocess.run(command, check=True)
    before, levels, bang = read(f'{name}.mkv')
    after, turned, bang_after = read('reversed.mkv')
    assert len(after) == COUNT and np.abs(turned - levels[::-1]).max() < STEP / 2
    off = np.abs(after - (before[-1] - before[::-1])).max()
    apart = [abs(time[level.argmax()] - sound) for time, level, sound in
             ((before, levels, bang), (after, turned, bang_after))]
    print(f'{name} rate: {before[-1]:.2f} s; pictures up to {off:.2f} s from their mirrored time; flash and bang '
          f'{apart[0]:.2f} s apart, reversed {apart[1]:.2f} s')
    holds &= (off < 0.1 and max(apart) < 0.2) if name == 'constant' else (off > 1 and apart[0] < 0.2 and apart[1] > 1)
sys.exit(not holds)
EOF
