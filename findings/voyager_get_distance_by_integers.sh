#!/usr/bin/env bash
# Voyager: get_distance() of an InnerProduct index is off by 1, 4 or 25, as longer vectors are added.
#
# One would guess: get_distance(a, b) of two given vectors is 1 - a.b, as query() reports it, whatever the index
#                  holds.
# What happens:    once the index holds a longer vector, it is lower by a whole number for all pairs of shorter ones:
#                  by 25 once that has length 6. A threshold or a re-ranking by get_distance() does not fit the
#                  distances of query(), which are right. Float32 and E4M3 do so, Euclidean and Cosine do not. No
#                  error, no warning.
# Made here:       100 random vectors of 32 numbers with lengths from 0.2 to 1, and then one of length 2, 3 or 6.
# Versions:        voyager 2.2.3, numpy 2.4.6
# Output seen:
#   longest 1: get_distance() is off by -0.000 to 0.000, query() by at most 0.000
#   longest 2: get_distance() is off by -1.000 to -1.000, query() by at most 0.000
#   longest 3: get_distance() is off by -4.000 to -4.000, query() by at most 0.000
#   longest 6: get_distance() is off by -25.000 to -25.000, query() by at most 0.000
#   InnerProduct, E4M3, longest 6: -25.019 to -24.980, query() 0.008
#   Euclidean, Float32, longest 6: -0.000 to 0.000, query() 0.000
#   Cosine, Float32, longest 6: -0.000 to 0.000, query() 0.000
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check voyager==2.2.3 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys

import numpy as np
from voyager import Index, Space, StorageDataType

COUNT, WIDTH, LENGTHS = 100, 32, (None, 2, 3, 6)
rng = np.random.default_rng(0)
directions = rng.standard_normal((COUNT + 1, WIDTH))
directions /= np.linalg.norm(directions, axis=1, keepdims=True)
vectors = (directions[:COUNT] * rng.uniform(0.2, 1, (COUNT, 1))).astype(np.float32)
dots, lengths = vectors @ vectors.T, np.linalg.norm(vectors, axis=1)
WANTED = {
    Space.InnerProduct: 1 - dots,
    Space.Euclidean: lengths[:, None] ** 2 + lengths**2 - 2 * dots,
    Space.Cosine: 1 - dots / lengths[:, None] / lengths,
}
pairs = [(i, j) for i in range(COUNT) for j in range(i)]


def errors(space, kind, longest):
    """By how much get_distance() is off over all pairs, and query() at most."""
    index = Index(space, num_dimensions=WIDTH, storage_data_type=kind)
    index.add_items(vectors, num_threads=1)
    if longest is not None:
        index.add_item((longest * directions[COUNT]).astype(np.float32))
    wanted = WANTED[space]
    off = np.array([index.get_distance(vectors[i], vectors[j]) - wanted[i, j] for i, j in pairs])
    found, distances = index.query(vectors[0], COUNT // 2, num_threads=1, query_ef=2 * COUNT)
    among = found < COUNT
    return off, np.abs(distances[among] - wanted[0, found[among].astype(int)]).max()


holds = True
for longest in LENGTHS:
    off, of_query = errors(Space.InnerProduct, StorageDataType.Float32, longest)
    print(f'longest {longest or 1}: get_distance() is off by {off.min():.3f} to {off.max():.3f}, query() by at most '
          f'{of_query:.3f}')
    whole = np.abs(off - off.round()).max() < 1e-3 and of_query < 1e-3
    holds &= whole and (off.max() < -0.9 if longest else np.abs(off).max() < 1e-3)
for space, kind, longest in (
    (Space.InnerProduct, StorageDataType.E4M3, 6),
    (Space.Euclidean, StorageDataType.Float32, 6),
    (Space.Cosine, StorageDataType.Float32, 6),
):
    off, of_query = errors(space, kind, longest)
    print(f'{space.name}, {kind.name}, longest {longest}: {off.min():.3f} to {off.max():.3f}, query() {of_query:.3f}')
    holds &= off.max() < -0.9 if kind is StorageDataType.E4M3 else np.abs(off).max() < 0.05
sys.exit(not holds)
EOF
