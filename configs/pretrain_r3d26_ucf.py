"""Pretraining of R3D-26 on UCF101, training split 1: the start of Tables 2, 8 and 9. Batch 64: 4 GPUs x 16.

    bash tools/dist_train.sh configs/pretrain_r3d26_ucf.py 4

Paper: none printed for the pretext tasks
Cost: 316 GFLOP a clip, 362 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/r3d26_pretrain.py',
    './_base_/datasets/pretrain_ucf.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
