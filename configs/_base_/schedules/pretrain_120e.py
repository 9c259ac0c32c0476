"""Pretraining: 120 epochs, SGD, lr = 0.0005 x global batch, 5 epochs of warm-up, then cosine to zero, once an epoch."""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.032, momentum=0.9, weight_decay=0.005),
    clip_grad=dict(max_norm=15, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=5),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=5, end=120, T_max=115),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=64)
