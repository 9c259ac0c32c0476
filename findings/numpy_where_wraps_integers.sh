#!/usr/bin/env bash
# NumPy: np.where with a Python integer that the array's type cannot hold wraps it silently; arithmetic raises.
#
# One would guess: since NumPy 2 a Python integer takes the type of the array beside it, and one that does not fit is an
#                  OverflowError, as in `array + 2**40` or `array[0] = 2**40` of int32.
# What happens:    np.where(mask, 2**40 + 7, array) of int32 gives 7 where the mask is set: the low 32 bits, no error and no
#                  warning. A sentinel such as -2**63 becomes 0, which is a label.
# Versions:        numpy 2.4.6, Python 3.11
# Output seen:
#   array + 2**40: OverflowError
#   array[0] = 2**40: OverflowError
#   np.where([True, False], 2**40 + 7, array): [7 2] int32
#   np.where([True, False], -2**63, array): [0 2] int32
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check numpy==2.4.6
cat > look.py <<'EOF'
import numpy as np

array = np.array([1, 2], np.int32)


def outcome(action):
    try:
        return action()
    except OverflowError:
        return 'OverflowError'


for name, action in {
    'array + 2**40': lambda: array + 2**40,
    'array[0] = 2**40': lambda: array.copy().__setitem__(0, 2**40),
}.items():
    found = outcome(action)
    print(f'{name}: {found}')
    assert found == 'OverflowError'
for name, number, wrapped in (('2**40 + 7', 2**40 + 7, 7), ('-2**63', -(2**63), 0)):
    found = np.where([True, False], number, array)
    print(f'np.where([True, False], {name}, array): {found} {found.dtype}')
    assert found.dtype == np.int32 and found.tolist() == [wrapped, 2]
EOF
venv/bin/python -W error look.py
