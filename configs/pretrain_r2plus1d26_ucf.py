"""Pretraining of R(2+1)D-26 on UCF101, training split 1: the start of Tables 2, 8 and 9. Batch 64: 4 GPUs x 16.

    bash tools/dist_train.sh configs/pretrain_r2plus1d26_ucf.py 4

Paper: none printed for the pretext tasks
Cost: 323 GFLOP a clip, 370 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/r2plus1d26_pretrain.py',
    './_base_/datasets/pretrain_ucf.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
