#!/usr/bin/env bash
# datasets, webdataset: a field that none of the first five samples has is dropped from all samples.
#
# One would guess: load_dataset('webdataset') gives each sample what the shards hold, and None where a field is missing.
# What happens:    the columns are those of the first five samples. If these differ, it is a ValueError. If a field
#                  comes later, as captions or boxes that only some clips have, it is not read: all 48 are lost here.
#                  The same samples in another order are an error or a loss. The loss brings no error and no warning,
#                  streaming or not. Features passed by hand keep the field.
# Made here:       one shard of 100 small samples with a clip's bytes and a label; 48 of them have a caption.
# Versions:        datasets 5.2.0, numpy 2.4.6
# Output seen:
#   from the fifth on  : ValueError
#   from the sixth on  : 100 samples, columns ['bin', 'cls'], 0 of 48 captions
#   the same, streaming: 100 samples, columns ['bin', 'cls'], 0 of 48 captions
#   the same, features : 100 samples, columns ['bin', 'cls', 'txt'], 48 of 48 captions
#   warnings: 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check datasets==5.2.0 numpy==2.4.6
HF_HUB_OFFLINE=1 HF_HOME="$work/home" venv/bin/python -I - <<'EOF'
import io
import logging
import sys
import tarfile

import datasets

COUNT = 100
datasets.disable_progress_bars()
records = []
listener = logging.Handler(logging.WARNING)
listener.emit = records.append
datasets.utils.logging.get_logger('datasets').addHandler(listener)


def write(path, captioned):
    with tarfile.open(path, 'w') as shard:
        for number in range(COUNT):
            parts = {'bin': bytes(range(16)), 'cls': str(number % 7).encode()}
            if number in captioned:
                parts['txt'] = f'clip {number}'.encode()
            for kind, content in parts.items():
                entry = tarfile.TarInfo(f'{number:04}.{kind}')
                entry.size = len(content)
                shard.addfile(entry, io.BytesIO(content))


def captions(title, captioned, **options):
    path = f'{title.replace(" ", "_")}.tar'
    write(path, captioned)
    try:
        found = datasets.load_dataset('webdataset', data_files=path, split='train', **options)
    except ValueError as error:
        print(f'{title:19}: {type(error).__name__}')
        return type(error).__name__
    items = list(found)
    count = sum(item.get('txt') is not None for item in items)
    columns = sorted(name for name in items[0] if not name.startswith('_'))
    print(f'{title:19}: {len(items)} samples, columns {columns}, {count} of {len(captioned)} captions')
    return len(items), count


early, late = range(4, COUNT, 2), range(5, COUNT, 2)
features = datasets.Features({'__key__': datasets.Value('string'), '__url__': datasets.Value('string'),
                              'bin': datasets.Value('binary'), 'cls': datasets.Value('int64'),
                              'txt': datasets.Value('string')})
found = [captions('from the fifth on', early), captions('from the sixth on', late),
         captions('the same, streaming', late, streaming=True),
         captions('the same, features', late, features=features)]
print('warnings:', len(records))
sys.exit(not (found == ['ValueError', (COUNT, 0), (COUNT, 0), (COUNT, 48)] and not records))
EOF
