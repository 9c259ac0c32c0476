#!/usr/bin/env bash
# Animated .gif, .webp and .png: frames that repeat the one before are left out, by some writers and of some formats.
#
# One would guess: an animation of 12 pictures has 12 frames, and a reader that is right for one format is so for all.
# What happens:    Pillow, imageio's mimwrite and OpenCV's imwriteanimation join equal frames to one that lasts longer:
#                  12 pictures, 4 of them repeats, become 8 frames, so of a clip that stands still for a while frame i
#                  is another moment, and the motion between two frames is that of two or three steps. In .avif all
#                  12 stay, in OpenCV's .gif and FFmpeg's .gif and .png too. FFmpeg's command reads 12 again, as it
#                  fills a constant rate; Pillow, OpenCV and PyAV read 8. No error, no warning.
# Made here:       8 random pictures of 32x32, four of them shown again at once; 100 ms each, which is 1 below.
# Versions:        pillow 13.0.0, imageio 2.38.1, opencv-python-headless 5.0.0.93, av 18.1.0 (FFmpeg 8.1.2),
#                  imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), numpy 2.4.6
# Output seen:
#   by_pillow.gif  : Pillow  8, OpenCV  8, PyAV  8, command 12; they last 1 3 1 2 1 2 1 1
#   by_pillow.png  : Pillow  8, OpenCV  8, PyAV  8, command 12; they last 1 3 1 2 1 2 1 1
#   by_pillow.webp : Pillow  8, OpenCV  8; they last 1 3 1 2 1 2 1 1
#   by_pillow.avif : Pillow 12, OpenCV 12; they last 1 1 1 1 1 1 1 1 1 1 1 1
#   by_imageio.gif : Pillow  8, OpenCV  8, PyAV  8, command 12; they last 1 3 1 2 1 2 1 1
#   by_opencv.gif  : Pillow 12, OpenCV 12, PyAV 12, command 12; they last 1 1 1 1 1 1 1 1 1 1 1 1
#   by_opencv.png  : Pillow  8, OpenCV  8, PyAV  8, command 12; they last 1 3 1 2 1 2 1 1
#   by_opencv.webp : Pillow  8, OpenCV  8; they last 1 3 1 2 1 2 1 1
#   by_opencv.avif : Pillow 12, OpenCV 12; they last 1 1 1 1 1 1 1 1 1 1 1 1
#   by_ffmpeg.gif  : Pillow 12, OpenCV 12, PyAV 12, command 12; they last 1 1 1 1 1 1 1 1 1 1 1 1
#   by_ffmpeg.png  : Pillow 12, OpenCV 12, PyAV 12, command 12; they last 1 1 1 1 1 1 1 1 1 1 1 1
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check pillow==13.0.0 imageio==2.38.1 imageio-ffmpeg==0.8.1 \
    opencv-python-headless==5.0.0.93 av==18.1.0 numpy==2.4.6
venv/bin/python -I -W ignore - <<'EOF'
import subprocess
import sys

import av
import cv2
import imageio.v2 as imageio
import imageio_ffmpeg
import numpy as np
from PIL import Image

SIZE, MILLISECONDS, ORDER = 32, 100, (0, 1, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7)
COUNT, DIFFERENT = len(ORDER), len(set(ORDER))
rng = np.random.default_rng(0)
pictures = rng.integers(0, 256, (DIFFERENT, SIZE, SIZE, 3), np.uint8)[list(ORDER)]
command = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y']
raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24']


def by_pillow(path):
    first, *others = (Image.fromarray(picture) for picture in pictures)
    first.save(path, save_all=True, append_images=others, duration=MILLISECONDS)


def by_imageio(path):
    imageio.mimwrite(path, pictures, duration=MILLISECONDS)


def by_opencv(path):
    animation = cv2.Animation()
    animation.frames, animation.durations = list(pictures), [MILLISECONDS] * COUNT
    assert cv2.imwriteanimation(path, animation)


def by_ffmpeg(path):
    kind = 'apng' if path.endswith('png') else 'gif'
    source = [*raw, '-s', f'{SIZE}x{SIZE}', '-r', str(1000 // MILLISECONDS), '-i', '-']
    subprocess.run([*command, *source, '-f', kind, path], input=pictures.tobytes(), check=True)


def read(path):
    """How many frames Pillow, OpenCV, PyAV and FFmpeg's command find, and Pillow's durations."""
    durations = []
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            durations.append(round(image.info['duration']))
    found = {'Pillow': len(durations), 'OpenCV': len(cv2.imreadanimation(path)[1].frames)}
    if not path.endswith(('webp', 'avif')):  # these FFmpegs do not read the animation in them
        with av.open(path) as source:
            found['PyAV'] = sum(1 for _ in source.decode(video=0))
        output = subprocess.run([*command, '-i', path, *raw, '-'], capture_output=True, check=True).stdout
        found['command'] = len(output) // (3 * SIZE * SIZE)
    return found, durations


CASES = {
    by_pillow: {'gif': DIFFERENT, 'png': DIFFERENT, 'webp': DIFFERENT, 'avif': COUNT},
    by_imageio: {'gif': DIFFERENT},
    by_opencv: {'gif': COUNT, 'png': DIFFERENT, 'webp': DIFFERENT, 'avif': COUNT},
    by_ffmpeg: {'gif': COUNT, 'png': COUNT},
}
holds = True
for write, kinds in CASES.items():
    for kind, wanted in kinds.items():
        path = f'{write.__name__}.{kind}'
        write(path)
        found, durations = read(path)
        counts = ', '.join(f'{name} {count:2}' for name, count in found.items())
        print(f'{path:15}: {counts}; they last {" ".join(str(time // MILLISECONDS) for time in durations)}')
        holds &= all(count == (COUNT if name == 'command' else wanted) for name, count in found.items())
        holds &= sum(durations) == COUNT * MILLISECONDS
sys.exit(not holds)
EOF
