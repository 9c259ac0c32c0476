"""Four clips a video: 8 epochs of 144 steps of 4 videos, 18,432 clips through the network; 17,280 are 7.5 epochs."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=8)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=4, end=8, convert_to_iter_based=True)
]
