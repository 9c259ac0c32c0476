#!/usr/bin/env bash
# faiss HNSW: where each vector is stored 200 times, 30 of 100 queries do not find theirs; a trace of noise cures it.
#
# One would guess: copies of a vector, such as the features of still or repeated clips, make a search easier: a query
#                  that equals 200 of 20000 stored vectors finds one of them, as it finds single ones.
# What happens:    a vector's links all lead to its own copies, at distance 0, so that a group of more copies than
#                  links becomes an island. Of 100 queries, each equal to 200 stored vectors, 70 find one; the others
#                  get other groups, at squared distances of 25 and more. Noise of 0.001 on the stored vectors makes it
#                  100, and so does four times the width of search with twice the links. Of 20000 different vectors
#                  all 100 are found.
# Made here:       20000 random vectors of 32 numbers in random order: 100 with 200 copies each, the same with noise,
#                  and 20000 different ones. One thread; nearest by IndexFlatL2.
# Versions:        faiss-cpu 1.15.1, numpy 2.4.6
# Output seen:
#   all different     M=16, efSearch= 64: 100 of 100 find the nearest
#   all different     M=32, efSearch=256: 100 of 100 find the nearest
#   200 copies        M=16, efSearch= 64:  70 of 100 find the nearest, the others at 25.4 or more
#   200 copies        M=32, efSearch=256: 100 of 100 find the nearest
#   200 copies, noise M=16, efSearch= 64: 100 of 100 find the nearest
#   200 copies, noise M=32, efSearch=256: 100 of 100 find the nearest
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys

import faiss
import numpy as np

WIDTH, COUNT = 32, 20000
rng = np.random.default_rng(0)
copied = rng.standard_normal((100, WIDTH), np.float32)
single = rng.standard_normal((COUNT, WIDTH), np.float32)
order = rng.permutation(COUNT)
noise = 1e-3 * rng.standard_normal((COUNT, WIDTH), np.float32)
SETS = {
    'all different': (single, single[:100]),
    '200 copies': (np.repeat(copied, 200, 0)[order], copied),
    '200 copies, noise': ((np.repeat(copied, 200, 0) + noise)[order], copied),
}
faiss.omp_set_num_threads(1)
share = {}
for name, (vectors, queries) in SETS.items():
    exact = faiss.IndexFlatL2(WIDTH)
    exact.add(vectors)
    nearest = exact.search(queries, 1)[0][:, 0]
    for links, width in ((16, 64), (32, 256)):
        index = faiss.IndexHNSWFlat(WIDTH, links)
        index.hnsw.efConstruction, index.hnsw.efSearch = 100, width
        index.add(vectors)
        distances = index.search(queries, 1)[0][:, 0]
        missed = distances > nearest + 1e-3
        share[name, links] = 100 - int(missed.sum())
        least = f', the others at {distances[missed].min():.1f} or more' if missed.any() else ''
        print(f'{name:17} M={links}, efSearch={width:3}: {share[name, links]:3} of 100 find the nearest{least}')
sys.exit(not (share['200 copies', 16] < 90 <= min(share['200 copies, noise', 16], share['all different', 16])))
EOF
