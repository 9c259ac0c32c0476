"""Finetuning C3D on 20 % of UCF101's training list, split 1.

    python tools/train.py configs/protocols/few_label_20_c3d_ucf.py
    python tools/test.py configs/protocols/few_label_20_c3d_ucf.py \\
        work_dirs/protocols/few_label_20_c3d_ucf

The list has 20 % of every class, at least one video (1898 videos), the same ones for every network and seed. All other
settings are those of finetune_c3d_ucf.py, and the test list is whole. Prints few_label_20/top1. Batch 8; a list of
fewer videos than a batch is an error. 240 epochs of 237 steps, a twelfth of them warm-up: the epochs grow about as
1 / sqrt(share), so that few videos still get 56,880 steps (the whole list: 143,040).
From scratch: --cfg-options model.init_cfg=None. For another network, name its finetune_* in `_base_` below.
Paper: none
Protocol: few_label_20
Cost: 229 GFLOP a clip, 104 PFLOP in all, counted; not run
"""

_base_ = '../finetune_c3d_ucf.py'

train_dataloader = dict(dataset=dict(label_share=0.2, label_seed=0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=21),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=20, end=240, T_max=220),
]
train_cfg = dict(max_epochs=240)
default_hooks = dict(checkpoint=dict(interval=10))
test_evaluator = dict(prefix='few_label_20')
