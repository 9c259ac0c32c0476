#!/usr/bin/env bash
# pytrec_eval: scores are rounded to 32 bits, and what is then equal is ranked by the names of the documents.
#
# One would guess: evaluate() takes a dict of Python floats and ranks by them; only equal scores need a rule for ties.
# What happens:    trec_eval below keeps a score as a 32-bit float. Scores that differ by less become ties, as those of
#                  near duplicates, sums of a coarse and a fine score, and times do. Ties go to the name that sorts
#                  last: a perfect ranking gets an MRR of 0.1, or of 1.0 once the documents are renamed. No error, no
#                  warning.
# Made here:       100 queries with ten documents each, in a perfect order, with different 64-bit scores. The relevant
#                  document has the name that sorts first or the one that sorts last.
# Versions:        pytrec-eval-terrier 0.5.11, numpy 2.4.6
# Output seen:
#   cosines                   ,  0.01 apart: MRR 1.000 where the relevant name sorts first, 1.000 where last
#   cosines of near duplicates, 1e-09 apart: MRR 0.100 where the relevant name sorts first, 1.000 where last
#   a million plus a cosine   ,  0.01 apart: MRR 0.167 where the relevant name sorts first, 1.000 where last
#   Unix times in seconds     ,    10 apart: MRR 0.143 where the relevant name sorts first, 1.000 where last
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check pytrec-eval-terrier==0.5.11 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys

import numpy as np
import pytrec_eval

QUERIES, DOCUMENTS = 100, 10
SCORES = {  # the highest score, and how far apart the scores are
    'cosines': (0.9, 0.01),
    'cosines of near duplicates': (1.0, 1e-9),
    'a million plus a cosine': (1e6 + 0.9, 0.01),
    'Unix times in seconds': (1.8e9, 10),
}


def mean(highest, margin, names):
    """The mean reciprocal rank where names[0] is relevant and scores highest."""
    relevant = {str(query): {names[0]: 1} for query in range(QUERIES)}
    scores = {name: highest - margin * place for place, name in enumerate(names)}
    assert sorted(scores, key=scores.get, reverse=True) == names and len(set(scores.values())) == DOCUMENTS
    evaluator = pytrec_eval.RelevanceEvaluator(relevant, {'recip_rank'})
    found = evaluator.evaluate({str(query): scores for query in range(QUERIES)})
    return np.mean([row['recip_rank'] for row in found.values()])


names = [f'video_{i}' for i in range(DOCUMENTS)]
holds = True
for kind, (highest, margin) in SCORES.items():
    first, last = mean(highest, margin, names), mean(highest, margin, names[::-1])
    print(f'{kind:26}, {margin:5} apart: MRR {first:.3f} where the relevant name sorts first, {last:.3f} where last')
    holds &= last > 0.999 and (first > 0.999 if kind == 'cosines' else first < 0.3)
sys.exit(not holds)
EOF
