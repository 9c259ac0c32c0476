"""Table 2, C3D, UCF101 split 1: top-1 78.6 from UCF101 pretraining, 83.4 from Kinetics-400, 60.5 from scratch.

    python tools/train.py configs/finetune_c3d_ucf.py
    python tools/test.py configs/finetune_c3d_ucf.py work_dirs/finetune_c3d_ucf/epoch_120.pth

From Kinetics-400: --cfg-options model.init_cfg.checkpoint=work_dirs/pretrain_c3d_k400
From scratch: --cfg-options model.init_cfg=None
Protocol: 10 bin-centre clips, softmax averaged. Measured cost: not run on the full data set.
"""

_base_ = [
    './_base_/models/c3d.py',
    './_base_/datasets/finetune_ucf.py',
    './_base_/schedules/finetune_ucf_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=512, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_c3d_ucf'),
)
