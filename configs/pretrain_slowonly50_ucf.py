"""Pretraining of MMAction2's own SlowOnly-50 on UCF101; docs/backbones.md lists its other backbones (not in Table 2).

    bash tools/dist_train.sh configs/pretrain_slowonly50_ucf.py 4

31.63 M parameters, 16x112x112 -> 2048x16x4x4. A backbone may return one map or several; the last one is used.
Paper: none
Cost: 401 GFLOP a clip, 459 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/slowonly50_pretrain.py',
    './_base_/datasets/pretrain_ucf.py',
    './_base_/schedules/pretrain_120e.py',
    './_base_/fast_step.py',
    './_base_/runtime.py',
]
