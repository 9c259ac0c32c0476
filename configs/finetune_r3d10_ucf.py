"""Finetuning of the common R3D (basic blocks (1, 1, 1, 1), as in VCOP) on UCF101 split 1.

    python tools/train.py configs/finetune_r3d10_ucf.py
    python tools/test.py configs/finetune_r3d10_ucf.py work_dirs/finetune_r3d10_ucf

Most papers mean this network by "R3D"; the paper's is R3D-26 (Table 2).
From scratch: --cfg-options model.init_cfg=None
Paper: none
Protocol: finetune
Cost: 116 GFLOP a clip, 133 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/r3d10.py',
    './_base_/datasets/finetune_ucf.py',
    './_base_/schedules/finetune_ucf_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=512, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d10_ucf'),
)
