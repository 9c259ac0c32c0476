"""Two clips a video: 15 epochs of 72 steps of 8 videos, 17,280 clips through the network."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=8)
auto_scale_lr = dict(base_batch_size=8)
train_cfg = dict(max_epochs=15)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=7, end=15, convert_to_iter_based=True)
]
