#!/usr/bin/env bash
# FFmpeg's scene score: of cuts that follow each other frame by frame only the first counts.
#
# One would guess: select='gt(scene,0.3)' finds a cut wherever a frame is unlike the one before it, so a cheaper look,
#                  at one frame of each shot or at key frames alone, finds the same cuts.
# What happens:    the score is the smaller of two numbers: the difference to the frame before, and by how much that
#                  difference has changed since the last frame. So a cut right after a cut scores like a still picture.
#                  Of 11 cuts all are found at the full rate and with two frames of each shot; with one frame of each,
#                  by the rate or by -skip_frame nokey, only the first is. scdet does the same. No warning, and the
#                  manual does not say it.
# Made here:       12 random pictures of tiles, 2 seconds each at 25 a second, by libx264, a key frame at each cut.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   each frame             : 600 frames, cuts by select 11, by scdet 11
#   two frames of each shot:  24 frames, cuts by select 11, by scdet 11
#   a frame of each shot   :  12 frames, cuts by select  1, by scdet  1
#   key frames alone       :  12 frames, cuts by select  1, by scdet  1
#   scores of the key frames: 0.00 0.53 0.04 0.04 0.03 0.05 0.01 0.04 0.01 0.00 0.01 0.09
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

SHOTS, SECONDS, RATE, SIDE = 12, 2, 25, 128
tiles = np.random.default_rng(0).integers(0, 256, (SHOTS, 8, 8, 3), dtype=np.uint8)
shots = tiles.repeat(SIDE // 8, 1).repeat(SIDE // 8, 2)


def ffmpeg(*arguments, pictures=b''):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-y', '-loglevel', 'warning', *arguments]
    done = subprocess.run(command, input=pictures, capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.decode()


def encode(path, pictures):
    raw = ('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{SIDE}x{SIDE}', '-r', str(RATE), '-i', '-')
    coder = ('-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-crf', '10', '-g', str(SECONDS * RATE), '-sc_threshold', '0')
    ffmpeg(*raw, *coder, path, pictures=pictures.tobytes())


def scores(path, filters='null', *options):
    """Two rows, one column for each frame: the score of select in per cent, and that of scdet."""
    chain = f"{filters},select='gte(scene,0)',scdet,metadata=print:file=-"
    printed = ffmpeg(*options, '-i', path, '-vf', chain, '-f', 'null', '-')
    select, scdet = (re.findall(name + r'=([\d.]+)', printed) for name in ('scene_score', r'scd\.score'))
    assert len(select) == len(scdet)
    return 100 * np.array(select, float), np.array(scdet, float)


encode('shots.mp4', shots.repeat(SECONDS * RATE, 0))
LOOKS = {
    'each frame': (11, scores('shots.mp4')),
    'two frames of each shot': (11, scores('shots.mp4', "select='not(mod(n,25))'")),
    'a frame of each shot': (1, scores('shots.mp4', "select='not(mod(n,50))'")),
    'key frames alone': (1, scores('shots.mp4', 'null', '-skip_frame', 'nokey')),
}
holds = True
for name, (cuts, (select, scdet)) in LOOKS.items():
    found, also = (select > 30).sum(), (scdet > 10).sum()
    print(f'{name:23}: {len(select):3} frames, cuts by select {found:2}, by scdet {also:2}')
    holds &= found == also == cuts
select = LOOKS['key frames alone'][1][0]
print('scores of the key frames:', ' '.join(f'{score / 100:.2f}' for score in select))
holds &= len(select) == SHOTS and select[1] > 30 and select[2:].max() < 15
sys.exit(not holds)
EOF
