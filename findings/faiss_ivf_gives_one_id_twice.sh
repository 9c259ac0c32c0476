#!/usr/bin/env bash
# faiss IVF: after remove_ids, add() gives the new vectors ids that stored ones already have.
#
# One would guess: add() numbers on behind the highest id, or fills the gaps; or, as in IndexFlat, removal moves the
#                  numbers up so that they stay 0 to ntotal - 1. An id is one vector.
# What happens:    IVF keeps the ids of what stays, and numbers what comes by ntotal, which the removal has lowered.
#                  Of 5000 vectors 0 to 9 are removed and ten others added: these get the ids 4990 to 4999, which the
#                  last ten have kept. A search for old vector 4990 and one for new vector 0 both answer 4990, so one
#                  of the two gets the other's label. No error, no warning. IndexFlat moves the numbers up.
# Made here:       5000 and 10 random vectors of 32 numbers.
# Versions:        faiss-cpu 1.15.1, numpy 2.4.6
# Output seen:
#   Flat          ntotal 5000, ids that two vectors have: 0; old vector 4990 is found as 4980, new vector 0 as 4990
#   IVF16,Flat    ntotal 5000, ids that two vectors have: 10; old vector 4990 is found as 4990, new vector 0 as 4990
#   IVF16,SQ8     ntotal 5000, ids that two vectors have: 10; old vector 4990 is found as 4990, new vector 0 as 4990
#   IVF16,PQ16x4  ntotal 5000, ids that two vectors have: 10; old vector 4990 is found as 4990, new vector 0 as 4990
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

COUNT, GONE, WIDTH = 5000, 10, 32
faiss.omp_set_num_threads(1)
rng = np.random.default_rng(0)
old, new = rng.standard_normal((COUNT, WIDTH), np.float32), rng.standard_normal((GONE, WIDTH), np.float32)
holds = True
for kind in ('Flat', 'IVF16,Flat', 'IVF16,SQ8', 'IVF16,PQ16x4'):
    index = faiss.index_factory(WIDTH, kind)
    index.train(old)
    index.add(old)
    index.remove_ids(np.arange(GONE))
    index.add(new)
    if kind != 'Flat':
        index.nprobe = 16
    answers = [index.search(vectors, 1)[1][:, 0].tolist() for vectors in (old[-GONE:], new)]
    lists = getattr(index, 'invlists', None)
    ids = list(range(index.ntotal)) if lists is None else np.concatenate(
        [faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)) for i in range(lists.nlist)]
    ).tolist()
    twice = len(ids) - len(set(ids))
    print(f'{kind:13} ntotal {index.ntotal}, ids that two vectors have: {twice}; '
          f'old vector {COUNT - GONE} is found as {answers[0][0]}, new vector 0 as {answers[1][0]}')
    if kind == 'Flat':
        holds &= twice == 0 and answers[0][0] == COUNT - 2 * GONE and answers[1][0] == COUNT - GONE
    else:
        holds &= twice == GONE and answers[0] == answers[1] == list(range(COUNT - GONE, COUNT))
sys.exit(not holds)
EOF
