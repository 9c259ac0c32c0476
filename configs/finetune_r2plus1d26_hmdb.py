"""Table 2, R(2+1)D-26, HMDB51 split 1: top-1 48.6 from UCF101 pretraining, 54.0 from Kinetics-400, 32.5 from scratch.

    python tools/train.py configs/finetune_r2plus1d26_hmdb.py
    python tools/test.py configs/finetune_r2plus1d26_hmdb.py work_dirs/finetune_r2plus1d26_hmdb/epoch_120.pth

From Kinetics-400: --cfg-options model.init_cfg.checkpoint=work_dirs/pretrain_r2plus1d26_k400
From scratch: --cfg-options model.init_cfg=None
Protocol: 10 bin-centre clips, softmax averaged. Measured cost: not run on the full data set.
"""

_base_ = [
    './_base_/models/r2plus1d26.py',
    './_base_/datasets/finetune_hmdb.py',
    './_base_/schedules/finetune_hmdb_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=51, in_channels=2048, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r2plus1d26_ucf'),
)
