"""Tables 2 and 8, C3D, HMDB51 split 1: finetuning from UCF101 pretraining.

    python tools/train.py configs/finetune_c3d_hmdb.py
    python tools/test.py configs/finetune_c3d_hmdb.py work_dirs/finetune_c3d_hmdb

From Kinetics-400 and from scratch: configs/ablations/table2_c3d_hmdb_*.py.
Paper: top-1 46.9; from Kinetics-400 52.9, from scratch 29.2
Protocol: finetune
Cost: 229 GFLOP a clip, 98 PFLOP in all, counted; not run
"""

_base_ = [
    './_base_/models/c3d.py',
    './_base_/datasets/finetune_hmdb.py',
    './_base_/schedules/finetune_hmdb_120e.py',
    './_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=51, in_channels=512, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_c3d_ucf'),
)
