"""IIC with R3D-26 on UCF101: pictures, their differences, broken time; not in the paper's tables.

    python tools/train.py configs/rivals/paper/iic_r3d26_ucf.py

Optimiser, batch, epochs and schedule are those of the official code. It has 1,024 negatives of each view from a memory
bank with an entry a video, and no projection; here negatives are of the batch, after a projection as in the others.
Paper: 74.4 UCF101, 38.3 HMDB51; retrieval R@1/5/10/20 42.4/60.9/69.2/77.1 (UCF101, R3D)
Protocol: retrieval_paper
Cost: 3 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='IICHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleIIC', clip_len=16, frame_interval=1)
_pipeline[2] = dict(_pipeline[2], flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip'))
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[45, 90, 125, 160], gamma=0.2, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=240)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _pipeline
