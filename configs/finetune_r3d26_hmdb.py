"""Table 2, R3D-26, HMDB51 split 1: top-1 47.2 from UCF101 pretraining, 55.2 from Kinetics-400, 28.9 from scratch.

    python tools/train.py configs/finetune_r3d26_hmdb.py
    python tools/test.py configs/finetune_r3d26_hmdb.py work_dirs/finetune_r3d26_hmdb/epoch_120.pth

From Kinetics-400: --cfg-options model.init_cfg.checkpoint=work_dirs/pretrain_r3d26_k400
From scratch: --cfg-options model.init_cfg=None
Protocol: 10 bin-centre clips, softmax averaged. Measured cost: not run on the full data set.
"""

_base_ = [
    './_base_/models/r3d26.py',
    './_base_/datasets/finetune_hmdb.py',
    './_base_/schedules/finetune_hmdb_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=51, in_channels=2048, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d26_ucf'),
)
