"""PRP, a rival of Table 8 or 9, with R3D-26 on UCF101: step 1, 2, 4 or 8, and frames rebuilt at twice the rate.

    python tools/train.py configs/rivals/paper/prp_r3d26_ucf.py

Settings of the official code, with three differences: the decoder is ours, the learning rate is constant and not
reduced on plateaus, and the crop is random and not central. Videos shorter than 125 frames are left out, as in the
code.
Paper: 66.5 UCF101, 29.7 HMDB51 (UCF101, R3D)
Protocol: finetune
Cost: 1 clip a video and the decoder; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='PRPHead', in_channels=2048, num_steps=4))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SamplePRP', clip_len=16, steps=(1, 2, 4, 8))
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys={'pretext_head.classify': dict(lr_mult=10)}),
)
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=8)
del _pipeline
