"""Pretraining of C3D on UCF101, training split 1: the start of Tables 2, 8 and 9. Batch 64: 4 GPUs x 16.

    bash tools/dist_train.sh configs/pretrain_c3d_ucf.py 4

Paper: context top-1 65.9, motion top-1 33.1 after 120 epochs (Table 7)
Cost: 492 GFLOP a clip, 563 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/c3d_pretrain.py',
    './_base_/datasets/pretrain_ucf.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
