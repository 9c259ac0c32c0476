#!/usr/bin/env bash
# NumPy: std, var and a weighted average of many float16 features are far off, without a warning; mean is right.
#
# One would guess: for float16, std() and average() take wider sums, as mean() does, which has a rule of its own for it.
# What happens:    they add in float16. Down the rows a sum of ones stops at 2048, as 2049 is no float16. The mean
#                  inside std() is such a sum, so beyond some thousand rows std is wrong by any amount: 10000 equal
#                  rows of 1 have a std of 0.453 and a weighted average of 0.205; of uniform features std is 0.36
#                  instead of 0.29, and in 100000 rows 0.14. Up to 1000 rows all are right, so a test on a few does
#                  not show it. So statistics over a store of
#                  half-precision features, by which others are standardised, weighted or whitened, are false. Nothing
#                  overflows, so nothing warns. torch is right.
# Remedy:          dtype=np.float32 in std(), var() and sum(); convert before average().
# Made here:       rows of ones, and uniform random rows.
# Versions:        numpy 2.4.6, torch 2.13.0 (CPU)
# Output seen:
#     1000 rows, ones   : mean 1.000 (1.000), weighted 1.000, std 0.000 (0.000; in float32 0.000, in torch 0.000)
#    10000 rows, ones   : mean 1.000 (1.000), weighted 0.205, std 0.453 (0.000; in float32 0.000, in torch 0.000)
#     1000 rows, uniform: mean 0.500 (0.500), weighted 0.501, std 0.292 (0.292; in float32 0.292, in torch 0.292)
#    10000 rows, uniform: mean 0.498 (0.498), weighted 0.205, std 0.365 (0.291; in float32 0.291, in torch 0.291)
#   100000 rows, uniform: mean 0.500 (0.500), weighted nan, std 0.143 (0.288; in float32 0.288, in torch 0.288)
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check numpy==2.4.6 torch==2.13.0
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import torch

warnings.simplefilter('error')  # so that a warning ends this
WIDTH = 8
rng = np.random.default_rng(0)
holds = True
for name, count, features in (
    ('ones', 1_000, np.ones((1_000, WIDTH))),
    ('ones', 10_000, np.ones((10_000, WIDTH))),
    ('uniform', 1_000, rng.random((1_000, WIDTH))),
    ('uniform', 10_000, rng.random((10_000, WIDTH))),
    ('uniform', 100_000, rng.random((100_000, WIDTH))),
):
    half = np.round(features * 1024).astype(np.int16).astype(np.float16) / np.float16(1024)
    exact = half.astype(np.float64)
    weights = np.ones(count, np.float16) / np.float16(2)
    mean, std = half.mean(0)[0], half.std(0)[0]
    weighted = np.average(half, axis=0, weights=weights)[0] if count <= 10_000 else np.nan
    wide, in_torch = half.std(0, dtype=np.float32)[0], torch.from_numpy(half).std(0, correction=0)[0].item()
    print(f'{count:6} rows, {name:7}: mean {mean:.3f} ({exact.mean(0)[0]:.3f}), weighted {weighted:.3f}, std {std:.3f} '
          f'({exact.std(0)[0]:.3f}; in float32 {wide:.3f}, in torch {in_torch:.3f})')
    holds &= abs(mean - exact.mean(0)[0]) < 0.002 and abs(in_torch - exact.std(0)[0]) < 0.002
    holds &= abs(wide - exact.std(0)[0]) < 0.002
    off = abs(std - exact.std(0)[0])
    holds &= off < 0.01 if count == 1_000 else off > 0.05
    if count == 10_000:
        holds &= abs(weighted - exact.mean(0)[0]) > 0.05
sys.exit(not holds)
EOF
