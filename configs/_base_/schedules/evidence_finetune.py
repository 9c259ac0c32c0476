"""AdamW, one epoch of a list that holds all steps: a constant rate for half of them, then cosine to zero."""

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.01))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=100, end=200)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1)
auto_scale_lr = dict(enable=True, base_batch_size=8)
