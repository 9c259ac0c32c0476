"""AdamW, a constant rate for half of 30 epochs, then cosine to zero per iteration."""

_base_ = './demo.py'
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=15, end=30, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=30)
