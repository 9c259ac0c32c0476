"""Finetuning on UCF101: 120 epochs, SGD, lr = 0.0001 x batch, 10 epochs of warm-up, then cosine to 1e-6."""

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0008, momentum=0.9, weight_decay=0.003))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=10),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=10, end=120, T_max=110),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=8)
