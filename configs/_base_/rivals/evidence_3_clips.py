"""Three clips a video: 10 epochs of 96 steps of 6 videos, 17,280 clips through the network."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=6)
auto_scale_lr = dict(base_batch_size=6)
train_cfg = dict(max_epochs=10)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=5, end=10, convert_to_iter_based=True)
]
