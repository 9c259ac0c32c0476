#!/usr/bin/env bash
# LanceDB: an IVF_HNSW_SQ index doubles cosine distances, until a row is added; distance_range finds too little.
#
# One would guess: _distance of a cosine search is 1 minus the cosine, with an index as without: an index answers faster
#                  and may miss or round a little.
# What happens:    with IVF_HNSW_SQ, which keeps a coded copy of the vectors at length 1, it is the squared distance of
#                  those, twice as much. Once a row is added, which is searched beside the index, all rows come with the
#                  right distance, and after optimize() with the doubled one. So a limit for near copies depends on the
#                  index and on whether it is up to date; distance_range up to 0.5 finds what lies within 0.25 all the
#                  time. IVF_FLAT and refine_factor=1 are right, distance_type('cosine') in the query changes
#                  nothing. No warning tells it.
# Made here:       5000 random vectors of 32 numbers, and 50 noisy copies of the first of them.
# Versions:        lancedb 0.40.0, pyarrow 26.0.1, numpy 2.4.6
# Output seen:
#   rows within {0.25: 17, 0.5: 43}
#   no index                : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   no index, a row added   : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   no index, optimized     : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   IVF_FLAT                : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   IVF_FLAT, a row added   : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   IVF_FLAT, optimized     : distance 1.00 times the true one, refined 1.00; 43 rows up to 0.5
#   IVF_HNSW_SQ             : distance 2.00 times the true one, refined 1.00; 17 rows up to 0.5
#   IVF_HNSW_SQ, a row added: distance 1.00 times the true one, refined 1.00; 17 rows up to 0.5
#   IVF_HNSW_SQ, optimized  : distance 2.00 times the true one, refined 1.00; 17 rows up to 0.5
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check lancedb==0.40.0 pyarrow==26.0.1 numpy==2.4.6
LANCE_INCLUDE_VECTOR_CENTROIDS=false venv/bin/python -I - <<'EOF'
import sys

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import HnswSq, IvfFlat

COUNT, COPIES, WIDTH = 5000, 50, 32
rng = np.random.default_rng(0)
vectors = rng.standard_normal((COUNT, WIDTH)).astype(np.float32)
noise = np.linspace(0.2, 2, COPIES, dtype=np.float32)[:, None] * rng.standard_normal((COPIES, WIDTH))
vectors = np.concatenate([vectors, vectors[:1] + noise.astype(np.float32)])
query = vectors[0]
units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
true = 1 - units @ units[0]


def rows(first, some):
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(some).ravel()), WIDTH)
    return pa.table({'id': pa.array(range(first, first + len(some))), 'vector': column})


def look(table):
    """Found to true distance, the same with refine_factor, and the number of rows up to 0.5."""
    def search():
        return table.search(query).distance_type('cosine').nprobes(4)

    ratios = []
    for found in (search().limit(60).to_list(), search().refine_factor(1).limit(60).to_list()):
        ratios.append(np.median([row['_distance'] / true[row['id']] for row in found if 0 < row['id'] < len(true)]))
    return *ratios, len(search().distance_range(None, 0.5).limit(1000).to_list())


db = lancedb.connect('store')
within = {limit: int((true < limit).sum()) for limit in (0.25, 0.5)}
print('rows within', within)
holds = True
for name, config in {'no index': None, 'IVF_FLAT': IvfFlat, 'IVF_HNSW_SQ': HnswSq}.items():
    table = db.create_table(name.replace(' ', '_'), rows(0, vectors))
    if config:
        table.create_index('vector', config=config(distance_type='cosine', num_partitions=4))
    for state in ('', ', a row added', ', optimized'):
        if 'added' in state:
            table.add(rows(len(vectors), -vectors[:1]))
        elif state:
            table.optimize()
        ratio, refined, near = look(table)
        print(f'{name + state:24}: distance {ratio:.2f} times the true one, refined {refined:.2f}; '
              f'{near} rows up to 0.5')
        doubled = 2 if name == 'IVF_HNSW_SQ' and 'added' not in state else 1
        holds &= abs(refined - 1) < 0.01 and abs(ratio - doubled) < 0.02
        holds &= abs(near - within[0.25]) < 3 if name == 'IVF_HNSW_SQ' else near == within[0.5]
sys.exit(not holds)
EOF
