"""Table 2, R3D-26, UCF101 split 1: top-1 76.6 from UCF101 pretraining, 83.7 from Kinetics-400, 58.0 from scratch.

    python tools/train.py configs/finetune_r3d26_ucf.py
    python tools/test.py configs/finetune_r3d26_ucf.py work_dirs/finetune_r3d26_ucf/epoch_120.pth

From Kinetics-400: --cfg-options model.init_cfg.checkpoint=work_dirs/pretrain_r3d26_k400
From scratch: --cfg-options model.init_cfg=None
Protocol: 10 bin-centre clips, softmax averaged. Measured cost: not run on the full data set.
"""

_base_ = [
    './_base_/models/r3d26.py',
    './_base_/datasets/finetune_ucf.py',
    './_base_/schedules/finetune_ucf_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=2048, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d26_ucf'),
)
