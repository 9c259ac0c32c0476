"""Table 2, C3D, UCF101 split 1, as released: finetuning from UCF101 pretraining.

    python tools/train.py configs/released/finetune_c3d_ucf.py
    python tools/test.py configs/released/finetune_c3d_ucf.py work_dirs/released/finetune_c3d_ucf

Other than in the paper: Nesterov, clips rotated by up to 10 degrees in training, frame 0 for indices past the end,
clips from the original .avi (data/ucf101/originals). From scratch: --cfg-options model.init_cfg=None
Paper: top-1 78.6; from scratch 60.5
Protocol: finetune
Cost: 229 GFLOP a clip, 262 PFLOP in all, counted; not run
"""

_base_ = [
    '../_base_/models/c3d.py',
    '../_base_/datasets/released_finetune_ucf.py',
    '../_base_/schedules/released_finetune_ucf_120e.py',
    '../_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=512, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/released/pretrain_c3d_ucf'),
)
