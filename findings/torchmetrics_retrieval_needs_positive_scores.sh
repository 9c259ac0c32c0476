#!/usr/bin/env bash
# torchmetrics: mAP, MRR and recall of a ranking change when a constant is added to its scores.
#
# One would guess: a metric of a ranking depends on the order of the scores alone; "float predictions from a model
#                  output" may be cosines or negated distances.
# What happens:    RetrievalMAP, RetrievalMRR, RetrievalRecall and RetrievalPrecision take a relevant item whose score
#                  is not above 0 as irrelevant. Of negated distances all of them are 0. Of cosines, where some relevant
#                  items are below 0, mAP rises, as those no longer count in its mean. RetrievalNormalizedDCG,
#                  RetrievalHitRate, RetrievalRPrecision and RetrievalAUROC go by the order. No error, no warning.
# Made here:       200 unit vectors of 10 classes with noise, each ranking the others by cosine, or by an increasing
#                  function of it. Items of the same class are relevant.
# Versions:        torchmetrics 1.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   13% of the relevant items have a cosine below 0
#                       cosine    1 + cosine -(1 - cosine)
#   mAP                  0.394         0.371         0.000
#   MRR                  0.718         0.718         0.000
#   recall@50            0.637         0.637         0.000
#   precision@50         0.242         0.242         0.000
#   NDCG                 0.710         0.710         0.710
#   hit rate@1           0.570         0.570         0.570
#   R-precision          0.358         0.358         0.358
#   AUROC                0.792         0.792         0.792
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I -W ignore - <<'EOF'
import sys

import torch
from torchmetrics import retrieval

COUNT, CLASSES, WIDTH, NOISE = 200, 10, 32, 2.0
generator = torch.Generator().manual_seed(0)
label = torch.arange(COUNT) % CLASSES
centre = torch.nn.functional.normalize(torch.randn(CLASSES, WIDTH, generator=generator))
noise = torch.randn(COUNT, WIDTH, generator=generator) * NOISE / WIDTH**0.5
feature = torch.nn.functional.normalize(centre[label] + noise)
others = ~torch.eye(COUNT, dtype=torch.bool)
cosine = (feature @ feature.T)[others].view(COUNT, COUNT - 1)
relevant = (label[:, None] == label)[others].view(COUNT, COUNT - 1)
query = torch.arange(COUNT)[:, None].expand_as(cosine)

METRICS = {
    'mAP': retrieval.RetrievalMAP(),
    'MRR': retrieval.RetrievalMRR(),
    'recall@50': retrieval.RetrievalRecall(top_k=50),
    'precision@50': retrieval.RetrievalPrecision(top_k=50),
    'NDCG': retrieval.RetrievalNormalizedDCG(),
    'hit rate@1': retrieval.RetrievalHitRate(top_k=1),
    'R-precision': retrieval.RetrievalRPrecision(),
    'AUROC': retrieval.RetrievalAUROC(),
}
SCORES = {'cosine': cosine, '1 + cosine': 1 + cosine, '-(1 - cosine)': cosine - 1}
rows = {
    name: {metric: compute(scores, relevant, indexes=query).item() for metric, compute in METRICS.items()}
    for name, scores in SCORES.items()
}
print(f'{((cosine <= 0) & relevant).sum() / relevant.sum():.0%} of the relevant items have a cosine below 0')
print(f'{"":12} ' + ' '.join(f'{name:>13}' for name in SCORES))
for metric in METRICS:
    print(f'{metric:12} ' + ' '.join(f'{row[metric]:13.3f}' for row in rows.values()))
right, raw, negative = rows['1 + cosine'], rows['cosine'], rows['-(1 - cosine)']
holds = all(negative[metric] == 0 for metric in ('mAP', 'MRR', 'recall@50', 'precision@50'))
holds &= raw['mAP'] > right['mAP'] + 0.01
for metric in ('NDCG', 'hit rate@1', 'R-precision', 'AUROC'):
    holds &= max(abs(row[metric] - right[metric]) for row in rows.values()) < 1e-3
sys.exit(not holds)
EOF
