"""Pretraining of R(2+1)D-26 on Kinetics-400, training set: the start of Tables 2 and 8. Batch 512: 32 GPUs x 16.

    GPUS=32 bash tools/slurm_train.sh PARTITION pretrain configs/pretrain_r2plus1d26_k400.py

Paper: none printed for the pretext tasks
Cost: 323 GFLOP a clip, 9,309 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/r2plus1d26_pretrain.py',
    './_base_/datasets/pretrain_k400.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
