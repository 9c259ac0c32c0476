#!/usr/bin/env bash
# OpenCV and Pillow: a bicubic warp by a quarter of a pixel moves the picture by 0.30 and 0.34 pixels; bilinear by 0.25.
#
# One would guess: a bicubic warp follows a motion field at least as well as a bilinear one, and a straight ramp stays
#                  what it is, as it does under bilinear.
# What happens:    the cubic of OpenCV (a = -0.75) and of Pillow's transform() (a = -1) does not keep a
#                  ramp: moved by 0.25 it is 0.297 and 0.344 further, by 0.125 0.166 and 0.207, by 0.75 too little; only
#                  by 0 and by a half it is right. So where vectors come in quarters of a pixel, warping a picture of
#                  soft detail back by exact motion leaves more error than bilinear: 1.3 and 2.6 times. Pillow's
#                  resize() has another cubic under the same name (a = -0.5), which is right. OpenCV's Lanczos is off by
#                  0.014, with a quarter of bilinear's error.
# Made here:       a ramp, and a sum of 40 waves of periods of 9 pixels and more, known at every position.
# Versions:        opencv-python-headless 5.0.0.93, pillow 13.0.0, numpy 2.4.6
# Output seen:
#   OpenCV bilinear          : by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.125, 0.250, 0.500, 0.750; RMSE of waves 0.34
#   OpenCV bicubic           : by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.166, 0.297, 0.500, 0.703; RMSE of waves 0.44
#   OpenCV Lanczos           : by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.137, 0.264, 0.500, 0.736; RMSE of waves 0.09
#   Pillow transform bilinear: by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.125, 0.250, 0.500, 0.750; RMSE of waves 0.34
#   Pillow transform bicubic : by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.207, 0.344, 0.500, 0.656; RMSE of waves 0.89
#   Pillow resize bicubic    : by 0.125, 0.25, 0.5, 0.75 a ramp moves 0.125, 0.250, 0.500, 0.750; RMSE of waves 0.03
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 \
    numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys

import cv2
import numpy as np
from PIL import Image

SIZE, EDGE = 200, 16
rng = np.random.default_rng(0)
rates, starts = rng.uniform(-0.5, 0.5, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
inner = slice(EDGE, -EDGE)


def waves(x, y):
    return sum(8 * np.cos(a * x + b * y + start) for (a, b), start in zip(rates, starts)).astype(np.float32)


def opencv(kind):
    return lambda image, shift: cv2.remap(image, x + np.float32(shift), y, kind)


def pillow(kind):
    return lambda image, shift: np.asarray(
        Image.fromarray(image).transform((SIZE, SIZE), Image.Transform.AFFINE, (1, 0, shift, 0, 1, 0), kind))


def by_resize(image, shift):
    box = (shift, 0, SIZE - 1 + shift, SIZE)
    return np.asarray(Image.fromarray(image).resize((SIZE - 1, SIZE), Image.Resampling.BICUBIC, box=box))


ways = {
    'OpenCV bilinear': opencv(cv2.INTER_LINEAR), 'OpenCV bicubic': opencv(cv2.INTER_CUBIC),
    'OpenCV Lanczos': opencv(cv2.INTER_LANCZOS4), 'Pillow transform bilinear': pillow(Image.Resampling.BILINEAR),
    'Pillow transform bicubic': pillow(Image.Resampling.BICUBIC), 'Pillow resize bicubic': by_resize,
}
moved, errors = {}, {}
for way, warp in ways.items():
    moved[way] = {}
    for shift in (0.125, 0.25, 0.5, 0.75):
        image = warp(x.copy(), shift)
        moved[way][shift] = float(np.median((image - x[:, : image.shape[1]])[inner, inner]))
    image = warp(waves(x, y), 0.25)
    errors[way] = float(np.sqrt(((image - waves(x + 0.25, y)[:, : image.shape[1]])[inner, inner] ** 2).mean()))
    shown = ', '.join(f'{found:.3f}' for found in moved[way].values())
    print(f'{way:25}: by 0.125, 0.25, 0.5, 0.75 a ramp moves {shown}; RMSE of waves {errors[way]:.2f}')
holds = all(abs(found - shift) < 0.001 for way in ('OpenCV bilinear', 'Pillow transform bilinear',
            'Pillow resize bicubic') for shift, found in moved[way].items())
holds &= abs(moved['OpenCV bicubic'][0.25] - 0.297) < 0.002
holds &= abs(moved['Pillow transform bicubic'][0.25] - 0.344) < 0.002
holds &= errors['OpenCV bicubic'] > 1.2 * errors['OpenCV bilinear']
holds &= errors['Pillow transform bicubic'] > 2 * errors['OpenCV bilinear']
holds &= errors['Pillow resize bicubic'] < errors['OpenCV bilinear']
sys.exit(not holds)
EOF
