"""A ResNet-18 on about a thousand videos: AdamW, warm-up over one epoch, then cosine to zero, both per iteration."""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0005, weight_decay=0.05),
    clip_grad=dict(max_norm=15, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=1, end=50, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=50)
auto_scale_lr = dict(enable=True, base_batch_size=16)
