#!/usr/bin/env bash
# FFmpeg's scene score: a cut between pictures of equal brightness scores 0 in YUV and the most in RGB.
#
# One would guess: select='gt(scene,0.3)' and scdet compare the pictures, so a cut from a red picture to a green one is
#                  found, and it does not matter in which pixel format the frames arrive.
# What happens:    of a YUV frame, which is what nearly all decoders give, both filters read the luma plane alone; of an
#                  RGB frame all three colours. A cut from red to green or to blue of the same luma has the score of a
#                  still picture, and the same file behind format=rgb24 nearly the highest. Random tiles, which differ
#                  in both, score a third less in YUV, so a threshold fits one of the two. No warning.
# Made here:       four plain colours of about equal luma (BT.601), each for 1 second at 25 a second, and four pictures
#                  of random tiles likewise, by libx264.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   red, green, blue, grey, yuv420p: scores of the cuts by select 0.00 0.00 0.01, by scdet  0.0  0.0  0.4
#   red, green, blue, grey, rgb24  : scores of the cuts by select 1.00 1.00 0.80, by scdet 42.7 47.5 31.1
#   random tiles, yuv420p: scores of the cuts by select 0.63 0.53 0.48, by scdet 24.8 20.6 18.8
#   random tiles, rgb24  : scores of the cuts by select 0.97 0.86 0.90, by scdet 37.8 33.5 35.1
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check imageio-ffmpeg==0.8.1 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import re
import subprocess
import sys

import imageio_ffmpeg
import numpy as np

RATE, SIDE = 25, 128
COLOURS = {'red': (220, 0, 0), 'green': (0, 112, 0), 'blue': (41, 41, 255), 'grey': (66, 66, 66)}


def ffmpeg(*arguments, pictures=b''):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-y', '-loglevel', 'warning', *arguments]
    done = subprocess.run(command, input=pictures, capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.decode()


def encode(path, shots):
    raw = ('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{SIDE}x{SIDE}', '-r', str(RATE), '-i', '-')
    pictures = np.ascontiguousarray(shots, np.uint8).repeat(RATE, 0).tobytes()
    ffmpeg(*raw, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-crf', '10', path, pictures=pictures)


def scores(path, filters):
    """For each cut: the score of select, and that of scdet in per cent."""
    chain = f"{filters},select='gte(scene,0)',scdet,metadata=print:file=-"
    printed = ffmpeg('-i', path, '-vf', chain, '-f', 'null', '-')
    found = [np.array(re.findall(name + r'=([\d.]+)', printed), float) for name in ('scene_score', r'scd\.score')]
    return [some[RATE::RATE] for some in found]


plain = np.broadcast_to(np.array(list(COLOURS.values()))[:, None, None], (4, SIDE, SIDE, 3))
tiles = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).repeat(SIDE // 8, 1).repeat(SIDE // 8, 2)
holds = True
for name, shots in {', '.join(COLOURS): plain, 'random tiles': tiles}.items():
    encode('shots.mp4', shots)
    for kind in ('yuv420p', 'rgb24'):
        select, scdet = scores('shots.mp4', f'format={kind}')
        print(f'{name}, {kind:7}: scores of the cuts by select {" ".join(f"{some:.2f}" for some in select)}, '
              f'by scdet {" ".join(f"{some:4.1f}" for some in scdet)}')
        if shots is plain:
            holds &= max(select) < 0.05 and max(scdet) < 1 if kind == 'yuv420p' else min(select) > 0.5 and min(scdet) > 15
        else:
            holds &= min(select) > 0.3
sys.exit(not holds)
EOF
