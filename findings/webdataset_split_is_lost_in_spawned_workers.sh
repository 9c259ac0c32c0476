#!/usr/bin/env bash
# webdataset: where loader workers are spawned, split_by_node gives each rank all shards.
#
# One would guess: nodesplitter=split_by_node gives each rank of an initialised process group its share of the shards,
#                  whatever starts the loader's workers, or raises.
# What happens:    the split runs inside the worker. A forked worker inherits the process group and gets its share. A
#                  spawned one, as chosen for decoders and CUDA that do not survive a fork, has none, so it takes itself
#                  for rank 0 of 1 and reads everything: each rank sees all samples, an epoch all of them twice. No
#                  error, no warning. The default single_node_only, which refuses several ranks, lets them pass. RANK
#                  and WORLD_SIZE in the environment, as torchrun sets them, go before the group; they are not set here.
# Made here:       8 shards of 4 samples, two ranks over gloo, one worker each.
# Versions:        webdataset 1.0.2, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   split_by_node    fork : [16, 16] samples in the two ranks, in both 0
#   split_by_node    spawn: [32, 32] samples in the two ranks, in both 32
#   single_node_only fork : ValueError in both ranks
#   single_node_only spawn: [32, 32] samples in the two ranks, in both 32
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset RANK WORLD_SIZE
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python -m pip install -q --disable-pip-version-check webdataset==1.0.2
cat > rank.py <<'EOF'
import json
import sys

import torch
import webdataset as wds

SHARDS, EACH = 8, 4


def key(sample):
    return int(sample['__key__'])


if __name__ == '__main__':
    rank = int(sys.argv[1])
    torch.distributed.init_process_group('gloo', init_method=f'file://{sys.argv[2]}/group', rank=rank, world_size=2)
    if rank == 0:
        for shard in range(SHARDS):
            with wds.TarWriter(f'{shard}.tar') as writer:
                for item in range(EACH):
                    writer.write({'__key__': str(EACH * shard + item), 'txt': ''})
    torch.distributed.barrier()
    found = {}
    for splitter in (wds.split_by_node, wds.single_node_only):
        for context in ('fork', 'spawn'):
            urls = [f'{shard}.tar' for shard in range(SHARDS)]
            data = wds.WebDataset(urls, nodesplitter=splitter, shardshuffle=False).map(key)
            loader = torch.utils.data.DataLoader(data, None, num_workers=1, multiprocessing_context=context)
            try:
                found[f'{splitter.__name__:16} {context:5}'] = [int(item) for item in loader]
            except ValueError as error:
                found[f'{splitter.__name__:16} {context:5}'] = type(error).__name__
    with open(f'{rank}.json', 'w') as file:
        json.dump(found, file)
    torch.distributed.barrier()
EOF
export OMP_NUM_THREADS=1
venv/bin/python rank.py 1 "$work" 2> other.log & other=$!
venv/bin/python rank.py 0 "$work"
wait "$other" || { cat other.log; exit 1; }
venv/bin/python -I - <<'EOF'
import json
import sys
from pathlib import Path

first, second = (json.loads(Path(f'{rank}.json').read_text()) for rank in (0, 1))
seen = []
for name in first:
    pair = first[name], second[name]
    if isinstance(pair[0], str):
        print(f'{name}: {pair[0]} in both ranks')
        seen.append(pair)
        continue
    counts, shared = [len(items) for items in pair], len(set(pair[0]) & set(pair[1]))
    print(f'{name}: {counts} samples in the two ranks, in both {shared}')
    seen.append((counts, shared))
sys.exit(seen != [([16, 16], 0), ([32, 32], 32), ('ValueError', 'ValueError'), ([32, 32], 32)])
EOF
