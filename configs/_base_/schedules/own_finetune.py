"""The schedule of pretraining with 30 epochs and a rate of 0.0003."""

_base_ = './own.py'

optim_wrapper = dict(optimizer=dict(lr=0.0003))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=1, end=30, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=30)
