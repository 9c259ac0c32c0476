"""Finetuning C3D on 10 % of UCF101's training list, split 1.

    python tools/train.py configs/protocols/few_label_10_c3d_ucf.py
    python tools/test.py configs/protocols/few_label_10_c3d_ucf.py \\
        work_dirs/protocols/few_label_10_c3d_ucf

The list has 10 % of every class, at least one video (963 videos), the same ones for every network and seed. All other
settings are those of finetune_c3d_ucf.py, and the test list is whole. Prints few_label_10/top1. Batch 8; a list of
fewer videos than a batch is an error. 360 epochs of 120 steps, a twelfth of them warm-up: the epochs grow about as
1 / sqrt(share), so that few videos still get 43,200 steps (the whole list: 143,040).
From scratch: --cfg-options model.init_cfg=None. For another network, name its finetune_* in `_base_` below.
Paper: none
Protocol: few_label_10
Cost: 229 GFLOP a clip, 79 PFLOP in all, counted; not run
"""

_base_ = '../finetune_c3d_ucf.py'

train_dataloader = dict(dataset=dict(label_share=0.1, label_seed=0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=31),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=30, end=360, T_max=330),
]
train_cfg = dict(max_epochs=360)
default_hooks = dict(checkpoint=dict(interval=10))
test_evaluator = dict(prefix='few_label_10')
