"""Pretraining of the common R(2+1)D (basic blocks (1, 1, 1, 1), as in VCOP) on UCF101. Batch 64: 4 GPUs x 16.

    bash tools/dist_train.sh configs/pretrain_r2plus1d10_ucf.py 4

Most papers mean this network by "R(2+1)D"; the paper's is R(2+1)D-26 (Table 2). 512x2x7x7, no neck.
Paper: none
Cost: 390 GFLOP a clip, 446 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/r2plus1d10_pretrain.py',
    './_base_/datasets/pretrain_ucf.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
