#!/usr/bin/env bash
# datasets: with_format('numpy') cuts the zero bytes off the end of binary items.
#
# One would guess: a column of bytes gives the bytes that were stored, in each format.
# What happens:    the format 'numpy' makes arrays of fixed-length bytes (dtype S), which drop zero bytes at the end. A
#                  feature after a ReLU, stored as its bytes, ends in zeros as soon as its last number is 0: it comes
#                  back shorter, by a few bytes or by many, as an item, as a column and in batches. So does a mask. No
#                  error, no warning. The plain format, pandas and arrow are right.
# Made here:       features of 64 float32 after a ReLU (half of them 0), each stored as its bytes.
# Versions:        datasets 5.2.0, numpy 2.4.6
# Output seen:
#   the column is of Value('binary') of 256 bytes
#   plain            :  0 of 100 are shorter, by up to 0 bytes
#   pandas           :  0 of 100 are shorter, by up to 0 bytes
#   arrow            :  0 of 100 are shorter, by up to 0 bytes
#   numpy, an item   : 48 of 100 are shorter, by up to 28 bytes
#   numpy, a column  : 48 of 100 are shorter, by up to 28 bytes
#   numpy, in batches: 48 of 100 are shorter, by up to 28 bytes
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check datasets==5.2.0 numpy==2.4.6
HF_HUB_OFFLINE=1 HF_HOME="$work/home" venv/bin/python -I - <<'EOF'
import sys
import warnings

import datasets
import numpy as np

COUNT, WIDTH = 100, 64
warnings.simplefilter('error')
rng = np.random.default_rng(0)
stored = [np.maximum(rng.standard_normal(WIDTH), 0).astype(np.float32).tobytes() for _ in range(COUNT)]
data = datasets.Dataset.from_dict({'feature': stored})
numbers = data.with_format('numpy')
ways = {
    'plain': [item['feature'] for item in data],
    'pandas': list(data.with_format('pandas')['feature'][:]),
    'arrow': data.with_format('arrow')[:]['feature'].to_pylist(),
    'numpy, an item': [item['feature'] for item in numbers],
    'numpy, a column': list(numbers[:]['feature']),
    'numpy, in batches': [item for batch in numbers.iter(10) for item in batch['feature']],
}
print('the column is of', data.features['feature'], 'of', len(stored[0]), 'bytes')
holds = True
for way, found in ways.items():
    found = [bytes(item) for item in found]
    short = [len(whole) - len(item) for whole, item in zip(stored, found, strict=True)]
    cut = all(item == whole.rstrip(b'\0') for whole, item in zip(stored, found, strict=True))
    print(f'{way:17}: {sum(map(bool, short)):2} of {COUNT} are shorter, by up to {max(short)} bytes')
    holds &= found == stored if 'numpy' not in way else cut and sum(map(bool, short)) > 40
sys.exit(not holds)
EOF
