#!/usr/bin/env bash
# usearch: a batch search that finds less than it was asked for fills up with key 0, which is a key like others.
#
# One would guess: where fewer than k vectors are found, the matrix of keys says so, by -1 as in faiss, by the largest
#                  number, or by a mask.
# What happens:    the rest of BatchMatches.keys is 0, with a distance of NaN; counts has the number of real ones. Keys
#                  usually number the clips from 0, so clip 0 becomes a neighbour of every query. Labels looked up by
#                  keys give a vote to its class, and in a graph of neighbours it is the hub: with 12 clips and 20
#                  neighbours asked for, classes 0 and 1 of 6 clips each, all 12 queries become class 0. The search of
#                  a single vector is cut to what it found. It happens in small galleries and in those left small by
#                  remove(). No error, no warning.
# Remedy:          mask by counts: keys[i, : counts[i]], or take the rows of the result, batch[i].keys.
# Made here:       two classes of 6 vectors each around opposite directions.
# Versions:        usearch 2.26.6, numpy 2.4.6
# Output seen:
#   12 stored, 5 asked for: matrix (12, 5), counts {5}, key 0 0 to 1 times a row; alone 5 keys
#   12 stored, 20 asked for: matrix (12, 20), counts {12}, key 0 9 to 9 times a row; alone 12 keys
#     votes for class 0: 12 of 12 over keys, 6 over the counted ones by distance
#   8 stored, 5 asked for: matrix (12, 5), counts {5}, key 0 0 to 1 times a row; alone 5 keys
#   8 stored, 20 asked for: matrix (12, 20), counts {8}, key 0 13 to 13 times a row; alone 8 keys
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

EACH, WIDTH = 6, 16
rng = np.random.default_rng(0)
labels = np.repeat([0, 1], EACH)
centre = rng.standard_normal(WIDTH)
vectors = (np.where(labels, -1, 1)[:, None] * centre + 0.3 * rng.standard_normal((2 * EACH, WIDTH))).astype(np.float32)


def vote(keys, distances):
    weights = 1 / (0.1 + np.nan_to_num(distances, nan=0))
    return np.bincount(labels[keys], weights, 2).argmax()


holds = True
for removed in (0, 4):
    index = Index(ndim=WIDTH, metric='cos', dtype='f32')
    index.add(np.arange(2 * EACH), vectors)
    for key in range(1, 1 + removed):
        index.remove(key)
    for nearest in (5, 20):
        found = index.search(vectors, nearest)
        stored = 2 * EACH - removed
        real = [len(set(row)) for row in found.keys]
        zeros = (found.keys == 0).sum(1)
        single = len(index.search(vectors[0], nearest).keys)
        print(f'{stored} stored, {nearest} asked for: matrix {found.keys.shape}, counts {set(found.counts.tolist())}, '
              f'key 0 {zeros.min()} to {zeros.max()} times a row; alone {single} keys')
        wanted = min(nearest, stored)
        holds &= (found.counts == wanted).all() and single == wanted and len(found[3].keys) == wanted
        holds &= (zeros == nearest - wanted + 1).all() if nearest > stored else (zeros <= 1).all()
        holds &= bool(np.isnan(found.distances).sum() == len(vectors) * (nearest - wanted))
        holds &= max(real) == wanted
        if nearest == 20 and not removed:
            plain = [np.bincount(labels[keys], minlength=2).argmax() for keys in found.keys]
            masked = [vote(keys[:count], distances[:count])
                      for keys, distances, count in zip(found.keys, found.distances, found.counts, strict=True)]
            print(f'  votes for class 0: {plain.count(0)} of {len(plain)} over keys, {masked.count(0)} over '
                  'the counted ones by distance')
            holds &= plain.count(0) == len(plain) and masked == labels.tolist()
sys.exit(not holds)
EOF
