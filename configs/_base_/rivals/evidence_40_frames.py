"""40 frames a video, as many as 2.5 clips: 12 epochs of 72 steps of 8 videos, the frames of 17,280 clips."""

_base_ = './evidence.py'

train_dataloader = dict(batch_size=8)
auto_scale_lr = dict(base_batch_size=8)
train_cfg = dict(max_epochs=12)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=6, end=12, convert_to_iter_based=True)
]
