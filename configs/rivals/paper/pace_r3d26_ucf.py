"""PacePred, a rival of Table 8 or 9, with R3D-26 on UCF101: strides 1 to 4, batch 30, colours drawn for each frame.

    python tools/train.py configs/rivals/paper/pace_r3d26_ucf.py

Settings of the official code, which only classifies; it does not have the paper's contrastive term. Videos shorter than
61 frames are left out; the code continues at frame 1 instead. An epoch of the code is ten of ours.
Paper: not looked up
Protocol: finetune
Cost: 1 clip a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

_colour = dict(blur_prob=0.0, jitter_prob=0.8, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2)
model = dict(pretext_head=dict(type='PaceHead', in_channels=2048, num_paces=4))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SamplePace', clip_len=16, paces=(1, 2, 3, 4))
_pipeline[2] = dict(_pipeline[2], flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='frame', **_colour))
train_dataloader = dict(batch_size=30, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-3))
param_scheduler = [dict(type='StepLR', step_size=60, gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=180)
auto_scale_lr = dict(enable=True, base_batch_size=30)
del _colour, _pipeline
