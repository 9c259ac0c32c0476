"""Tables 2 and 8, C3D, UCF101 split 1: finetuning from UCF101 pretraining.

    python tools/train.py configs/finetune_c3d_ucf.py
    python tools/test.py configs/finetune_c3d_ucf.py work_dirs/finetune_c3d_ucf

From Kinetics-400 and from scratch: configs/ablations/table2_c3d_ucf_*.py.
Paper: top-1 78.6; from Kinetics-400 83.4, from scratch 60.5
Protocol: finetune
Cost: 229 GFLOP a clip, 262 PFLOP in all, counted; not run
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
