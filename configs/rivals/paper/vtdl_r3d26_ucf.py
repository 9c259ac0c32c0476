"""VTDL, a rival of Table 8 or 9, with R3D-26 on UCF101: a mixed clip, a queue, a far segment of its own video.

    python tools/train.py configs/rivals/paper/vtdl_r3d26_ucf.py

Settings of the official code, at 112 px in place of 224. The augmentation is not known; crop, flip and jitter are ours.
Paper: not looked up
Protocol: finetune
Cost: 3 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='VTDLHead', in_channels=2048, queue_size=5000))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleVTDL', clip_len=16, frame_interval=4)
_pipeline[2] = dict(_pipeline[2], flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', blur_prob=0.0, jitter_prob=0.8))
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.003, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[120, 160, 200], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=240)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _pipeline
