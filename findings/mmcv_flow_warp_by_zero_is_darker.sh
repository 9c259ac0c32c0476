#!/usr/bin/env bash
# mmcv: flow_warp with a flow of zero blanks the last row and column, and bilinear makes half of the rest darker.
#
# One would guess: a picture warped by a flow of zero is that picture, and by one pixel its copy one pixel further.
# What happens:    what needs the last row or column is taken for missing, whether or not its position is whole, and
#                  gets filling_value, 0 by default. With interpolate_mode='bilinear' a whole position is moved by a
#                  millionth of a pixel, and the sum is cut off to uint8: half of the samples of a texture come out one
#                  level lower. Twenty warps by zero cost 10 levels. cv2.remap returns the picture. The warning that
#                  each call gives is about speed.
# Made here:       a picture of random samples, 160x120.
# Versions:        mmcv-lite 2.1.0, mmengine 0.10.7, opencv-python 5.0.0.93, numpy 2.4.6
# Output seen:
#   flow_warp, nearest : by 0 px   0% of the inside lower, by 1 px   0%; blank edges 2; 20 times by 0 px +0.0 levels
#   flow_warp, bilinear: by 0 px  50% of the inside lower, by 1 px  50%; blank edges 2; 20 times by 0 px -10.0 levels
#   cv2.remap          : by 0 px   0% of the inside lower, by 1 px   0%; blank edges 0; 20 times by 0 px +0.0 levels
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check mmcv-lite==2.1.0 mmengine==0.10.7 \
    opencv-python==5.0.0.93 numpy==2.4.6 'setuptools<81'
venv/bin/python -I -W ignore - <<'EOF'
import sys

import cv2
import numpy as np
from mmcv.video import flow_warp

HEIGHT, WIDTH, INNER = 120, 160, np.s_[:100, :140]
picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)


def by_mmcv(mode):
    return lambda image, step: flow_warp(image, np.full((HEIGHT, WIDTH, 2), step, np.float32), interpolate_mode=mode)


def by_opencv(image, step):
    return cv2.remap(image, x + step, y + step, cv2.INTER_LINEAR)


WARPS = {'flow_warp, nearest': by_mmcv('nearest'), 'flow_warp, bilinear': by_mmcv('bilinear'), 'cv2.remap': by_opencv}
holds = True
for name, warp in WARPS.items():
    once, shifted = warp(picture, 0.0), warp(picture, 1.0)
    lower = (once[INNER] < picture[INNER]).mean()
    further = (shifted[INNER] < picture[1:, 1:][INNER]).mean()
    blank = sum(int((line == 0).all()) for line in (once[-1], once[:, -1]))
    many = picture
    for _ in range(20):
        many = warp(many, 0.0)
    drift = (many[INNER].astype(int) - picture[INNER]).mean()
    print(f'{name:19}: by 0 px {lower:4.0%} of the inside lower, by 1 px {further:4.0%}; blank edges {blank}; '
          f'20 times by 0 px {drift:+.1f} levels')
    holds &= blank == (0 if name == 'cv2.remap' else 2)
    if 'bilinear' in name:
        holds &= 0.4 < lower < 0.6 and 0.4 < further < 0.6 and -11 < drift < -9
    else:
        holds &= (once[INNER] == picture[INNER]).all() and drift == 0
sys.exit(not holds)
EOF
