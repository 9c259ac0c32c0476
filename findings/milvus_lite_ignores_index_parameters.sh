#!/usr/bin/env bash
# Milvus Lite: nlist, M and efConstruction of an index are ignored, as the client sends them otherwise than it reads.
#
# One would guess: add_index(params={'nlist': 16}) makes 16 lists, as with a Milvus server, so nprobe=16 searches all;
#                  M and efConstruction trade the time of building for recall.
# What happens:    the client sends each parameter under its own name, Milvus Lite looks for all of them in one JSON
#                  text, and takes its defaults: nlist=128, so nprobe=16 is an eighth of the lists and misses 14 % of
#                  the ten nearest. HNSW finds the same with M=2 as with M=64, so tuning moves nothing.
#                  describe_index() shows none of them. A dict within the dict, params={'params': {'nlist': 16}}, is
#                  heeded. No error, no warning.
# Made here:       6000 and 50 random vectors of 16 numbers, under L2.
# Versions:        milvus-lite 3.2.2, pymilvus 3.0.2, faiss-cpu 1.15.1, numpy 2.4.6; pymilvus 2.6.17 is the same
# Output seen:
#   IVF_FLAT, nprobe=16, params={}                                                  :  86.0% of the 10 nearest
#   IVF_FLAT, nprobe=16, params={'nlist': 16}                                       :  86.0% of the 10 nearest
#   IVF_FLAT, nprobe=16, params={'nlist': 1024}                                     :  86.0% of the 10 nearest
#   IVF_FLAT, nprobe=16, params={'params': {'nlist': 16}}                           : 100.0% of the 10 nearest
#   IVF_FLAT, nprobe=16, params={'params': {'nlist': 1024}}                         :  68.4% of the 10 nearest
#   HNSW, ef=10        , params={}                                                  :  86.8% of the 10 nearest
#   HNSW, ef=10        , params={'M': 2, 'efConstruction': 4}                       :  86.8% of the 10 nearest
#   HNSW, ef=10        , params={'M': 64, 'efConstruction': 400}                    :  86.8% of the 10 nearest
#   HNSW, ef=10        , params={'params': {'M': 2, 'efConstruction': 4}}           :   6.6% of the 10 nearest
#   HNSW, ef=10        , params={'params': {'M': 64, 'efConstruction': 400}}        :  90.2% of the 10 nearest
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check milvus-lite==3.2.2 pymilvus==3.0.2 faiss-cpu==1.15.1 \
    numpy==2.4.6
cat > indices.py <<'END'
import sys

import numpy as np
from pymilvus import DataType, MilvusClient

COUNT, QUERIES, WIDTH, NEAREST, STEP = 6000, 50, 16, 10, 2000
rng = np.random.default_rng(0)
stored, queries = (rng.standard_normal((count, WIDTH), np.float32) for count in (COUNT, QUERIES))
away = ((queries[:, None] - stored[None]) ** 2).sum(-1)
wanted = np.argsort(away, axis=1)[:, :NEAREST].tolist()


def recall(client, name, kind, parameters, search):
    schema = client.create_schema(auto_id=False)
    schema.add_field('id', DataType.INT64, is_primary=True)
    schema.add_field('vector', DataType.FLOAT_VECTOR, dim=WIDTH)
    indices = client.prepare_index_params()
    indices.add_index('vector', index_type=kind, metric_type='L2', params=parameters)
    client.create_collection(name, schema=schema, index_params=indices)
    for first in range(0, COUNT, STEP):
        rows = [{'id': i, 'vector': stored[i].tolist()} for i in range(first, first + STEP)]
        client.insert(name, rows)
    client.flush(name)
    client.release_collection(name)
    client.load_collection(name)  # which waits for the index, unlike flush()
    assert client.describe_index(name, 'vector')['indexed_rows'] == COUNT
    found = client.search(name, data=queries.tolist(), limit=NEAREST, search_params={'params': search})
    shares = [len({hit['id'] for hit in hits} & set(best)) / NEAREST for hits, best in zip(found, wanted, strict=True)]
    return np.mean(shares)


if __name__ == '__main__':
    client = MilvusClient('./vectors.db')
    cases = {
        'IVF_FLAT, nprobe=16': ('IVF_FLAT', {'nprobe': 16}, {'nlist': 16}, {'nlist': 1024}),
        'HNSW, ef=10': ('HNSW', {'ef': 10}, {'M': 2, 'efConstruction': 4}, {'M': 64, 'efConstruction': 400}),
    }
    holds = True
    for i, (case, (kind, search, *choices)) in enumerate(cases.items()):
        found = []
        for j, choice in enumerate(({}, *choices, *({'params': choice} for choice in choices))):
            found.append(recall(client, f'case_{i}_{j}', kind, choice, search))
            print(f'{case:19}, params={choice!s:52}: {found[-1]:6.1%} of the {NEAREST} nearest')
        plain, nested = found[:3], found[3:]
        holds &= len(set(plain)) == 1 and abs(nested[0] - nested[1]) > 0.1
    client.close()
    sys.exit(not holds)
END
OMP_NUM_THREADS=1 venv/bin/python -I -W ignore indices.py
