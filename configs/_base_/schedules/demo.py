"""Small networks on few videos: AdamW, a constant rate for half the epochs, then cosine to zero per iteration."""

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.01))
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=6, end=12, convert_to_iter_based=True)
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=12)
auto_scale_lr = dict(enable=True, base_batch_size=16)
