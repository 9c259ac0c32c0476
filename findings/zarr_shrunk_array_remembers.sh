#!/usr/bin/env bash
# Zarr arrays: shrunk and grown again, they show the old values where HDF5 shows the fill value.
#
# One would guess: resize() to fewer rows forgets the others, and rows that a later resize() adds hold the fill value,
#                  as in HDF5 and as in a new array.
# What happens:    a shrunk array loses only chunks that lie wholly outside. The last chunk keeps what it has, and
#                  growing shows it again. Who cuts a store of features back to the clips that are still valid, and
#                  grows it to fill the new ones in bit by bit, finds features of removed clips in the rows that are
#                  not filled yet, and a check for the fill value passes them. How many depends on the chunk size. So
#                  do zarr-python and TensorStore, in Zarr 2, Zarr 3 and N5. No error, no warning.
# Remedy:          write the fill value over the tail before shrinking, or grow by append() with the data.
# Made here:       100 rows of the value 7 with a fill value of -1, cut to 40 rows, grown to 100.
# Versions:        zarr 3.1.6, tensorstore 0.1.86, h5py 3.16.0, numpy 2.4.6
# Output seen:
#   HDF5, h5py         : of 60 rows that were cut off,  0,  0 and  0 come back with chunks of 10, 32 and 100 rows
#   Zarr 2, zarr-python: of 60 rows that were cut off,  0, 24 and 60 come back with chunks of 10, 32 and 100 rows
#   Zarr 3, zarr-python: of 60 rows that were cut off,  0, 24 and 60 come back with chunks of 10, 32 and 100 rows
#   Zarr 2, TensorStore: of 60 rows that were cut off,  0, 24 and 60 come back with chunks of 10, 32 and 100 rows
#   Zarr 3, TensorStore: of 60 rows that were cut off,  0, 24 and 60 come back with chunks of 10, 32 and 100 rows
#   N5, TensorStore    : of 60 rows that were cut off,  0, 24 and 60 come back with chunks of 10, 32 and 100 rows
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check zarr==3.1.6 tensorstore==0.1.86 h5py==3.16.0 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys

import h5py
import numpy as np
import tensorstore
import zarr

ROWS, KEPT, WIDTH, OLD, FILL = 100, 40, 4, 7, -1


def by_hdf5(chunk):
    with h5py.File(f'{chunk}.h5', 'w') as file:
        array = file.create_dataset('x', (ROWS, WIDTH), 'f4', chunks=(chunk, WIDTH), maxshape=(None, WIDTH),
                                    fillvalue=FILL)
        array[:] = OLD
        array.resize(KEPT, axis=0)
        array.resize(ROWS, axis=0)
        return array[:]


def by_zarr(chunk, version):
    array = zarr.create_array(store=f'{chunk}.zarr{version}', shape=(ROWS, WIDTH), chunks=(chunk, WIDTH), dtype='f4',
                              fill_value=FILL, zarr_format=version)
    array[:] = OLD
    array.resize((KEPT, WIDTH))
    array.resize((ROWS, WIDTH))
    return array[:]


def by_tensorstore(chunk, driver):
    fill = {} if driver == 'n5' else {'fill_value': FILL}  # N5 has none but 0
    place = {'driver': 'file', 'path': f'tensorstore{chunk}.{driver}'}
    store = tensorstore.open({'driver': driver, 'kvstore': place}, create=True, dtype=tensorstore.float32,
                             shape=[ROWS, WIDTH],
                             chunk_layout=tensorstore.ChunkLayout(chunk_shape=[chunk, WIDTH]), **fill).result()
    store.write(np.full((ROWS, WIDTH), OLD, np.float32)).result()
    store = store.resize(exclusive_max=[KEPT, WIDTH]).result()
    return store.resize(exclusive_max=[ROWS, WIDTH]).result().read().result()


holds = True
for name, stale, fill in (
    ('HDF5, h5py', by_hdf5, FILL),
    ('Zarr 2, zarr-python', lambda chunk: by_zarr(chunk, 2), FILL),
    ('Zarr 3, zarr-python', lambda chunk: by_zarr(chunk, 3), FILL),
    ('Zarr 2, TensorStore', lambda chunk: by_tensorstore(chunk, 'zarr'), FILL),
    ('Zarr 3, TensorStore', lambda chunk: by_tensorstore(chunk, 'zarr3'), FILL),
    ('N5, TensorStore', lambda chunk: by_tensorstore(chunk, 'n5'), 0),
):
    counts = []
    for chunk in (10, 32, 100):
        values = stale(chunk)
        assert (values[:KEPT] == OLD).all() and np.isin(values, (OLD, fill)).all()
        counts.append(int((values[KEPT:, 0] == OLD).sum()))
    print(f'{name:19}: of {ROWS - KEPT} rows that were cut off, {counts[0]:2}, {counts[1]:2} and {counts[2]:2} come '
          'back with chunks of 10, 32 and 100 rows')
    holds &= counts == ([0, 0, 0] if name.startswith('HDF5') else [0, 24, 60])
sys.exit(not holds)
EOF
