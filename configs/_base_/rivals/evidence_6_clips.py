"""Six clips a video: 5 epochs of 96 steps of 6 videos, 17,280 clips through the network."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=6)
auto_scale_lr = dict(base_batch_size=6)
train_cfg = dict(max_epochs=5)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=2, end=5, convert_to_iter_based=True)
]
