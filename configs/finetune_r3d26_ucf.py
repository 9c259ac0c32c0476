"""Tables 2 and 8, R3D-26, UCF101 split 1: finetuning from UCF101 pretraining.

    python tools/train.py configs/finetune_r3d26_ucf.py
    python tools/test.py configs/finetune_r3d26_ucf.py work_dirs/finetune_r3d26_ucf

From Kinetics-400 and from scratch: configs/ablations/table2_r3d26_ucf_*.py.
Paper: top-1 76.6; from Kinetics-400 83.7, from scratch 58.0
Protocol: finetune
Cost: 53 GFLOP a clip, 60 PFLOP in all, counted; not run
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
