#!/usr/bin/env bash
# FFmpeg's psnr, ssim and libvmaf: a stream copy to Matroska scores 19.7 dB, as frames are paired with the one before.
#
# One would guess: a stream copy has the same pictures, so its distance from the original is zero, at least where both
#                  start at 0 and have the same rate and number of frames.
# What happens:    the filters pair by time, with the last frame at or before it. Matroska rounds times to 1 ms, MPEG-TS
#                  to 1/90000 s, so at 24, 30 and 60 frames a second a third, and at 23.976 and 29.97 half of the pairs
#                  are neighbours. Nothing is said. 25 is exact and right. `settb=AVTB,setpts=PTS-STARTPTS`, the usual
#                  recipe, changes nothing, and `setpts=N/24/TB` alone makes it worse, as it rounds to the time base of
#                  each file. `ts_sync_mode=nearest`, or `settb=AVTB` before `setpts=N/24/TB`, pairs all right.
# Made here:       60 pictures of a texture that moves 4 pixels a frame, by libx264 in .mp4, and a stream copy of it.
#                  Read one after the other, all pictures of both files are equal.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   rate 25          to mkv: pictures equal; PSNR inf, 60 of 60 pairs equal
#   rate 24          to mkv: pictures equal; PSNR 19.7, 41 of 61 pairs equal
#   rate 30          to mkv: pictures equal; PSNR 19.6, 40 of 60 pairs equal
#   rate 30000/1001  to mkv: pictures equal; PSNR 18.1, 32 of 60 pairs equal
#   rate 24000/1001  to mkv: pictures equal; PSNR 18.3, 33 of 60 pairs equal
#   rate 30000/1001  to ts : pictures equal; PSNR inf, 60 of 60 pairs equal
#   rate 24000/1001  to ts : pictures equal; PSNR 20.9, 46 of 61 pairs equal
#   rate 24, ssim                                       0.768, 41 of 61 pairs equal
#   rate 24, settb=AVTB,setpts=PTS-STARTPTS, psnr       19.7, 41 of 61 pairs equal
#   rate 24, setpts=N/24/TB, psnr                       16.7, 21 of 61 pairs equal
#   rate 24, settb=AVTB,setpts=N/24/TB, psnr            inf, 60 of 60 pairs equal
#   rate 24, psnr=ts_sync_mode=nearest                  inf, 60 of 60 pairs equal
#   rate 24, libvmaf: 68, of the original beside itself 100
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.8.1
venv/bin/python -I - <<'EOF'
import re
import subprocess
import sys
from fractions import Fraction

import av
import imageio_ffmpeg
import numpy as np

COUNT, WIDTH, HEIGHT = 60, 160, 96
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)

noise = np.random.default_rng(0).normal(size=(HEIGHT, 600))
for _ in range(10):
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
TEXTURE = np.clip(128 + 50 * noise / noise.std(), 16, 235).astype(np.uint8)


def encode(path, rate):
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=rate, options={'crf': '10'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            picture = np.repeat(TEXTURE[:, 4 * i : 4 * i + WIDTH, None], 3, 2)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def pictures(path):
    with av.open(path) as source:
        return np.stack([frame.to_ndarray(format='rgb24') for frame in source.decode(video=0)])


def command(*arguments):
    return subprocess.run([FFMPEG, *arguments], capture_output=True, text=True, check=True).stderr


def score(path, graph):
    """What the filter says of the file beside the original, and how many of how many pairs are equal."""
    said = command('-i', path, '-i', 'a.mp4', '-lavfi', graph, '-f', 'null', '-')
    with open('pairs.log') as log:
        pairs = log.readlines()
    equal = sum('psnr_avg:inf' in pair or 'All:1.000000' in pair for pair in pairs)
    return re.search(r'(?:average|All):([\d.]+|inf)', said)[1], equal, len(pairs)


holds = True
for rate, kind in ((25, 'mkv'), (24, 'mkv'), (30, 'mkv'), (NTSC, 'mkv'), (FILM, 'mkv'), (NTSC, 'ts'), (FILM, 'ts')):
    encode('a.mp4', rate)
    command('-v', 'error', '-y', '-i', 'a.mp4', '-c', 'copy', f'a.{kind}')
    original, copied = pictures('a.mp4'), pictures(f'a.{kind}')
    same = len(original) == COUNT and np.array_equal(original, copied)
    psnr, equal, pairs = score(f'a.{kind}', 'psnr=stats_file=pairs.log')
    print(f'rate {rate!s:11} to {kind:3}: pictures {"equal" if same else "not equal"}; '
          f'PSNR {float(psnr):.1f}, {equal} of {pairs} pairs equal')
    right = (rate, kind) in ((25, 'mkv'), (NTSC, 'ts'))
    holds &= same and (equal == pairs == COUNT if right else float(psnr) < 25 and equal < 50)

encode('a.mp4', 24)
command('-v', 'error', '-y', '-i', 'a.mp4', '-c', 'copy', 'a.mkv')
GRAPHS = {  # filter -> are all pairs equal?
    'ssim=stats_file=pairs.log': False,
    '[0]settb=AVTB,setpts=PTS-STARTPTS[a];[1]settb=AVTB,setpts=PTS-STARTPTS[b];[a][b]psnr=stats_file=pairs.log': False,
    '[0]setpts=N/24/TB[a];[1]setpts=N/24/TB[b];[a][b]psnr=stats_file=pairs.log': False,
    '[0]settb=AVTB,setpts=N/24/TB[a];[1]settb=AVTB,setpts=N/24/TB[b];[a][b]psnr=stats_file=pairs.log': True,
    'psnr=ts_sync_mode=nearest:stats_file=pairs.log': True,
}
for graph, right in GRAPHS.items():
    value, equal, pairs = score('a.mkv', graph)
    name = graph.split(';')[0].replace('[0]', '').replace('[a]', ', psnr').replace('stats_file=pairs.log', '')
    print(f'rate 24, {name.strip(":="):42} {float(value):.3g}, {equal} of {pairs} pairs equal')
    holds &= (equal == pairs) == right
vmaf = []
for path in ('a.mkv', 'a.mp4'):
    said = command('-i', path, '-i', 'a.mp4', '-lavfi', 'libvmaf', '-f', 'null', '-')
    vmaf.append(float(re.search(r'VMAF score: ([\d.]+)', said)[1]))
print(f'rate 24, libvmaf: {vmaf[0]:.0f}, of the original beside itself {vmaf[1]:.0f}')
holds &= vmaf[0] < 85 < vmaf[1]
sys.exit(not holds)
EOF
