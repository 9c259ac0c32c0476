"""Table 2, R3D-26, UCF101 split 1, as released: finetuning from UCF101 pretraining.

    python tools/train.py configs/released/finetune_r3d26_ucf.py
    python tools/test.py configs/released/finetune_r3d26_ucf.py work_dirs/released/finetune_r3d26_ucf

Other than in the paper: Nesterov, clips rotated by up to 10 degrees in training, frame 0 for indices past the end,
clips from the original .avi (data/ucf101/originals). From scratch: --cfg-options model.init_cfg=None
Paper: top-1 76.6; from scratch 58.0
Protocol: finetune
Cost: 53 GFLOP a clip, 60 PFLOP in all, counted; not run
"""

_base_ = [
    '../_base_/models/r3d26.py',
    '../_base_/datasets/released_finetune_ucf.py',
    '../_base_/schedules/released_finetune_ucf_120e.py',
    '../_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=2048, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/released/pretrain_r3d26_ucf'),
)
