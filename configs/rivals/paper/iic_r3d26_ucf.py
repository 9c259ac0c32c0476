"""IIC with R3D-26 on UCF101: pictures, their differences, broken time; not in the paper's tables.

    python tools/train.py configs/rivals/paper/iic_r3d26_ucf.py

Unverified: written from the paper's definition. Optimiser, batch and epochs are not known; they are VCOP's here, with a
batch of 16.
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
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=240)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _pipeline
