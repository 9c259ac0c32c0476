#!/usr/bin/env bash
# OpenCV's 8-bit HSV to RGB conversion of one pixel depends on where in the row the pixel stands.
#
# One would guess: cvtColor works pixel by pixel, so its result for a pixel depends on that pixel alone.
# What happens:    a row's main part goes through vector instructions that cut off the fraction, and its tail through
#                  code that rounds. Three pixels in four come out one level lower in some channel in the main part
#                  than in the tail. Cropping before or after, or another width, changes pixels; so may a processor
#                  with other vectors. RGB to HSV, Lab, YUV and grey do not depend on the place.
# Made here:       100000 random pixels, converted as one row, and as one column, where each row is all tail.
# Versions:        opencv-python-headless 5.0.0.93 (also seen with 4.12.0.88 and 4.14.0.94), numpy 2.4.6, x86-64 with
#                  AVX2
# Output seen:
#   HSV2RGB  pixels that differ between row and column: 73.6%, by at most 1
#            row: formula with the fraction cut off in 98.4%; column: formula rounded in 100.0%
#            HSV [95, 130, 194] repeated 67 times in a row: RGB [95, 177, 194] at the start, [95, 178, 194] at the end
#   RGB2HSV  pixels that differ between row and column: 0.0%, by at most 0
#   RGB2Lab  pixels that differ between row and column: 0.0%, by at most 0
#   Lab2RGB  pixels that differ between row and column: 0.0%, by at most 0
#   RGB2YUV  pixels that differ between row and column: 0.0%, by at most 0
#   RGB2GRAY pixels that differ between row and column: 0.0%, by at most 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check numpy==2.4.6 opencv-python-headless==5.0.0.93
venv/bin/python -I - <<'EOF'
import colorsys
import sys

import cv2
import numpy as np

PIXELS = np.random.default_rng(0).integers(0, 256, (100_000, 3), dtype=np.uint8)
NAMES = ('HSV2RGB', 'RGB2HSV', 'RGB2Lab', 'Lab2RGB', 'RGB2YUV', 'RGB2GRAY')

share = {}
for name in NAMES:
    pixels = PIXELS.copy()
    if name == 'HSV2RGB':
        pixels[:, 0] %= 180  # 8-bit hue is degrees / 2
    code = getattr(cv2, f'COLOR_{name}')
    row = cv2.cvtColor(pixels[None], code).reshape(len(pixels), -1).astype(int)
    column = cv2.cvtColor(pixels[:, None], code).reshape(len(pixels), -1).astype(int)
    share[name] = (row != column).any(1).mean()
    most = np.abs(row - column).max()
    print(f'{name:8} pixels that differ between row and column: {share[name]:.1%}, by at most {most}')
    if name != 'HSV2RGB':
        continue
    exact = 255 * np.array([colorsys.hsv_to_rgb(h / 180, s / 255, v / 255) for h, s, v in pixels.tolist()])
    cut = (np.abs(row - np.floor(exact + 0.001)) == 0).all(1).mean()
    rounded = (np.abs(column - exact) < 0.501).all(1).mean()
    print(f'         row: formula with the fraction cut off in {cut:.1%}; column: formula rounded in {rounded:.1%}')
    hsv = pixels[(row != column).any(1)][0]
    at = [cv2.cvtColor(np.tile(hsv, (1, 67, 1)), code)[0, i].tolist() for i in (0, 66)]
    print(f'         HSV {hsv.tolist()} repeated 67 times in a row: RGB {at[0]} at the start, {at[1]} at the end')
sys.exit(not (share['HSV2RGB'] > 0.01 and not any(share[name] for name in NAMES[1:])))
EOF
