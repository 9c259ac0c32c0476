"""Tables 2 and 8, R(2+1)D-26, HMDB51 split 1: finetuning from UCF101 pretraining.

    python tools/train.py configs/finetune_r2plus1d26_hmdb.py
    python tools/test.py configs/finetune_r2plus1d26_hmdb.py work_dirs/finetune_r2plus1d26_hmdb

From Kinetics-400 and from scratch: configs/ablations/table2_r2plus1d26_hmdb_*.py.
Paper: top-1 48.6; from Kinetics-400 54.0, from scratch 32.5
Protocol: finetune
Cost: 60 GFLOP a clip, 26 PFLOP in all, counted; not run
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
