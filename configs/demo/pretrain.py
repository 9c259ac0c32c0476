"""The demo's pretraining: both pretext tasks on the controlled set, 576 videos, 12 epochs of 36 iterations.

    python tools/train.py configs/demo/pretrain.py

Reads what `make demo` makes.
"""

_base_ = [
    '../_base_/models/demo_pretrain.py',
    '../_base_/datasets/demo_pretrain.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]
