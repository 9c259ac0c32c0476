#!/usr/bin/env bash
# torch: on one thread of a CPU, a 1x1x1 Conv3d takes another kernel below a batch of 16, several times as slow.
#
# One would guess: the kernel depends on the layer and the layout, and a sample costs about the same in any batch.
# What happens:    in channels_last_3d on one thread, a batch of 15 is computed by slow_conv3d and gives a contiguous
#                  result; a batch of 16 by oneDNN, and keeps the layout. Bottlenecks of 3D ResNets are such layers.
# Versions:        torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   batch 15: slow_conv3d True, keeps channels_last_3d False
#   batch 16: slow_conv3d False, keeps channels_last_3d True
#   a clip in a batch of 15 : of 16, time: 4.8
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import statistics
import sys
import time

import torch

torch.set_num_threads(1)
layout = torch.channels_last_3d
layer = torch.nn.Conv3d(64, 32, 1, bias=False).to(memory_format=layout)


def look(batch):
    clips = torch.zeros(batch, 64, 8, 14, 14).contiguous(memory_format=layout)
    with torch.inference_mode():
        with torch.profiler.profile() as profile:
            keeps = layer(clips).is_contiguous(memory_format=layout)
        seconds = []
        for _ in range(15):
            begun = time.perf_counter()
            layer(clips)
            seconds.append(time.perf_counter() - begun)
    names = {event.key for event in profile.key_averages()}
    return 'aten::slow_conv3d' in names, keeps, statistics.median(seconds) / batch


small, large = look(15), look(16)
for batch, (slow, keeps, _) in ((15, small), (16, large)):
    print(f'batch {batch}: slow_conv3d {slow}, keeps channels_last_3d {keeps}')
print(f'a clip in a batch of 15 : of 16, time: {small[2] / large[2]:.1f}', file=sys.stderr)
sys.exit(0 if small[:2] == (True, False) and large[:2] == (False, True) else 1)
EOF
