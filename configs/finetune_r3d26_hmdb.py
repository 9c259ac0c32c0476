"""Tables 2 and 8, R3D-26, HMDB51 split 1: finetuning from UCF101 pretraining.

    python tools/train.py configs/finetune_r3d26_hmdb.py
    python tools/test.py configs/finetune_r3d26_hmdb.py work_dirs/finetune_r3d26_hmdb

From Kinetics-400 and from scratch: configs/ablations/table2_r3d26_hmdb_*.py.
Paper: top-1 47.2; from Kinetics-400 55.2, from scratch 28.9
Protocol: finetune
Cost: 53 GFLOP a clip, 23 PFLOP in all, counted; not run
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
