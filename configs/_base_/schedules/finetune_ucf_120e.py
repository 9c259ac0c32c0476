"""Finetuning on UCF101: 120 epochs, SGD, lr = 0.0001 x batch, weight decay 0.003, cosine.

From the authors' release: 10 epochs of linear warm-up and a last rate of 1e-6. The warm-up's start at a hundredth of
the rate is ours (PAPER.md).
"""

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0008, momentum=0.9, weight_decay=0.003))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=11),  # epoch 11 has the full rate
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=10, end=120, T_max=110),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=8)
