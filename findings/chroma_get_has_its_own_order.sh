#!/usr/bin/env bash
# Chroma: get(ids=...) gives the vectors in another order than asked for, and add() of an id that exists does nothing.
#
# One would guess: get(ids=ids, include=['embeddings']) gives row i for ids[i], as a dict or a table of features does,
#                  and add() of an id that is stored raises or replaces it.
# What happens:    the rows come in the order of the store, and ids that are missing have none. Who stacks them beside
#                  the labels of ids pairs features with other clips: a nearest-centroid classifier on perfect features
#                  of 10 classes falls from 100 % to 36 %. add() with stored ids leaves the old vectors and documents
#                  as they are, so an index run once more with a better model still answers with the old one, and a
#                  batch with some new ids mixes the two. No error, no warning.
# Remedy:          sort by the returned "ids"; upsert() in place of add(), or a new collection.
# Made here:       200 vectors in 10 classes, ids in random order.
# Versions:        chromadb 1.5.9, numpy 2.4.6
# Output seen:
#   in memory: asked for clip189, clip058, clip149, got clip000, clip001, clip002; 1 of 200 in their place
#     classifier: 36% by the order asked for, 100% by ids
#     add() of 100 stored ids and a new one: 201 stored, the 100 as before; after upsert() replaced
#   on disk: asked for clip189, clip058, clip149, got clip000, clip001, clip002; 1 of 200 in their place
#     classifier: 36% by the order asked for, 100% by ids
#     add() of 100 stored ids and a new one: 201 stored, the 100 as before; after upsert() replaced
#   log records: 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check chromadb==1.5.9 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import logging
import sys
import warnings

import chromadb
import numpy as np
from chromadb.config import Settings

warnings.simplefilter('error', UserWarning)
records = []
logged = logging.Handler()
logged.emit = records.append
logging.getLogger().addHandler(logged)
COUNT, CLASSES, WIDTH = 200, 10, 32
rng = np.random.default_rng(0)
labels = np.arange(COUNT) % CLASSES
features = (5 * np.eye(CLASSES, WIDTH)[labels] + rng.standard_normal((COUNT, WIDTH))).astype(np.float32)
ids = [f'clip{number:03}' for number in range(COUNT)]


def accuracy(stacked, order):
    """Of a nearest-centroid classifier, fitted and tested on rows that are taken to belong to this order."""
    wanted = labels[order]
    centroids = np.stack([stacked[wanted == label].mean(0) for label in range(CLASSES)])
    return (np.linalg.norm(stacked[:, None] - centroids, axis=2).argmin(1) == wanted).mean()


def rows(collection, order):
    got = collection.get(ids=[ids[number] for number in order], include=['embeddings'])
    return np.asarray(got['embeddings']), got['ids']


holds = True
order = rng.permutation(COUNT)
for name, client in (
    ('in memory', chromadb.EphemeralClient(settings=Settings(anonymized_telemetry=False))),
    ('on disk', chromadb.PersistentClient('store', settings=Settings(anonymized_telemetry=False))),
):
    collection = client.create_collection('features')
    collection.add(ids=ids, embeddings=features)
    stacked, got = rows(collection, order)
    asked = [ids[number] for number in order]
    place = {one: row for row, one in enumerate(got)}
    mended = stacked[[place[one] for one in asked]]
    same = sum(one == other for one, other in zip(asked, got, strict=True))
    print(f'{name}: asked for {", ".join(asked[:3])}, got {", ".join(got[:3])}; {same} of {COUNT} in their place')
    print(f'  classifier: {accuracy(stacked, order):.0%} by the order asked for, {accuracy(mended, order):.0%} by ids')
    holds &= same < 20 and accuracy(stacked, order) < 0.5 and accuracy(mended, order) == 1
    collection.add(ids=[*ids[:100], 'new'], embeddings=np.concatenate([features[:100] + 100, features[:1]]))
    kept, _ = rows(collection, np.arange(100))
    collection.upsert(ids=ids[:100], embeddings=features[:100] + 100)
    changed, _ = rows(collection, np.arange(100))
    unchanged = np.allclose(kept, features[:100])
    print(f'  add() of 100 stored ids and a new one: {collection.count()} stored, the 100 '
          f'{"as before" if unchanged else "replaced"}; after upsert() '
          f'{"replaced" if np.allclose(changed, features[:100] + 100, atol=1e-4) else "as before"}')
    holds &= unchanged and collection.count() == COUNT + 1 and not np.allclose(changed, kept)
print(f'log records: {len(records)}')
holds &= not records
sys.exit(not holds)
EOF
