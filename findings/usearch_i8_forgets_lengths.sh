#!/usr/bin/env bash
# usearch: with dtype='i8' each vector is scaled to length 1, so l2sq and ip answer by cosine.
#
# One would guess: dtype='i8' stores the same vectors more coarsely, as the 8-bit quantisers of other libraries do, and
#                  the metric stays what was asked for: a few of the nearest change.
# What happens:    a float vector is divided by its own length before it becomes 8 bits wide, and so is a query. Of
#                  vectors whose lengths differ, as features after pooling and a ReLU do, l2sq finds a third of the ten
#                  nearest and ip a quarter; what both find is the nearest by cosine. A vector and 4 times it are 0
#                  apart. bf16, the default, keeps the lengths. No error, no warning.
# Made here:       2000 and 200 random vectors of 64 numbers with lengths from 1 to 8. All searches are exhaustive.
# Versions:        usearch 2.26.6, numpy 2.4.6
# Output seen:
#   cos  f32  100% of the 10 nearest by cos, 100% of those by cosine; from a vector to 4 times it 0.0
#   cos  bf16 100% of the 10 nearest by cos, 100% of those by cosine; from a vector to 4 times it 0.0
#   cos  i8    94% of the 10 nearest by cos,  94% of those by cosine; from a vector to 4 times it 0.0
#   l2sq f32  100% of the 10 nearest by l2sq,  35% of those by cosine; from a vector to 4 times it 12.2
#   l2sq bf16 100% of the 10 nearest by l2sq,  35% of those by cosine; from a vector to 4 times it 12.2
#   l2sq i8    34% of the 10 nearest by l2sq,  94% of those by cosine; from a vector to 4 times it 0.0
#   ip   f32  100% of the 10 nearest by ip,  25% of those by cosine; from a vector to 4 times it -4.4
#   ip   bf16 100% of the 10 nearest by ip,  25% of those by cosine; from a vector to 4 times it -4.4
#   ip   i8    25% of the 10 nearest by ip,  94% of those by cosine; from a vector to 4 times it -15351.0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check usearch==2.26.6 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys

import numpy as np
from usearch.index import Index

COUNT, WIDTH, NEAREST = 2000, 64, 10
rng = np.random.default_rng(0)


def features(count):
    directions = rng.standard_normal((count, WIDTH))
    lengths = np.exp(rng.uniform(np.log(1), np.log(8), (count, 1)))
    return (lengths * directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)


def share(found, wanted):
    return np.mean([len(set(some) & set(best)) / NEAREST for some, best in zip(found, wanted, strict=True)])


stored, queries = features(COUNT), features(200)
dots, lengths = queries @ stored.T, np.linalg.norm(stored, axis=1)
away = {'cos': -dots / lengths, 'l2sq': lengths**2 - 2 * dots, 'ip': -dots}
wanted = {metric: np.argsort(rows, axis=1)[:, :NEAREST] for metric, rows in away.items()}
holds = True
for metric in wanted:
    for kind in ('f32', 'bf16', 'i8'):
        index = Index(ndim=WIDTH, metric=metric, dtype=kind)
        index.add(np.arange(COUNT), stored)
        found = index.search(queries, NEAREST, exact=True).keys
        right, by_cosine = share(found, wanted[metric]), share(found, wanted['cos'])
        longer = Index(ndim=WIDTH, metric=metric, dtype=kind)
        longer.add(0, 4 * stored[0])
        apart = longer.search(stored[0], 1).distances[0]
        print(f'{metric:4} {kind:4} {right:4.0%} of the {NEAREST} nearest by {metric}, {by_cosine:4.0%} of those by '
              f'cosine; from a vector to 4 times it {apart:.1f}')
        if kind != 'i8' or metric == 'cos':
            holds &= right > 0.9
        else:
            holds &= right < 0.5 and by_cosine > 0.9
        holds &= (metric, kind) != ('l2sq', 'i8') or apart == 0
sys.exit(not holds)
EOF
