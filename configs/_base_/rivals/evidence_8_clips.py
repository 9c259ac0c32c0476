"""Eight clips a video: 4 epochs of 192 steps of 3 videos, 18,432 clips through the network; 17,280 are 3.75 epochs."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=3)
auto_scale_lr = dict(base_batch_size=3)
train_cfg = dict(max_epochs=4)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=2, end=4, convert_to_iter_based=True)
]
