#!/usr/bin/env bash
# Every subset of an MMEngine data set after the first has the attributes that the first one copied.
#
# One would guess: get_subset gives a new data set with a copy of the pipeline as it is now.
# What happens:    BaseDataset._copy_without_annotation copies with copy.deepcopy and a memo that is the default value
#                  of its argument, so one memo serves all calls in the process. A pipeline that was copied once is not
#                  copied again: later subsets get the first copy, whatever the data set's pipeline has become, and
#                  share it. Their own changes reach one another.
# Made here:       six numbers and a stage that multiplies by a factor; the factor is changed from 1 to 10 between two
#                  subsets.
# Versions:        mmengine 0.10.7, torch 2.13.0 (CPU build; on Linux the default build is large)
# Output seen:
#   first subset, factor 1:   2
#   data set, factor 10:      20
#   second subset:            2
#   two subsets have one pipeline: True
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 'setuptools<81'
venv/bin/python -I -W ignore - <<'EOF'
import sys

from mmengine.dataset import BaseDataset


class Numbers(BaseDataset):
    def load_data_list(self):
        return [dict(number=number) for number in range(6)]


class Times:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, sample):
        return sample['number'] * self.factor


numbers = Numbers(pipeline=[Times(1)])
first = numbers.get_subset([2])
print('first subset, factor 1:  ', first[0])
numbers.pipeline.transforms[0].factor = 10
second = numbers.get_subset([2])
print('data set, factor 10:     ', numbers[2])
print('second subset:           ', second[0])
print('two subsets have one pipeline:', first.pipeline is second.pipeline)
sys.exit(not ((first[0], numbers[2], second[0]) == (2, 20, 2) and first.pipeline is second.pipeline))
EOF
