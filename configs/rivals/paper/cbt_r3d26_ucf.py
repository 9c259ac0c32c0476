"""CBT, the visual part, a rival of Table 8 or 9, with R3D-26 on UCF101: one of four windows of 1.3 s is masked.

    python tools/train.py configs/rivals/paper/cbt_r3d26_ucf.py

Unverified: there is no official code; the task is as commonly described. The number of windows and the optimisation
settings are not known, and are ours here. The paper trains S3D on Kinetics-600, after its own pretraining.
Paper: 79.5 UCF101, 44.6 HMDB51 (K600, S3D)
Protocol: finetune
Cost: 4 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='CBTHead', in_channels=2048, windows=4))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleBlocks', blocks=4, block_len=16, frame_interval=2)
_pipeline[2] = dict(_pipeline[2], boxes='shared', flips='shared', flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip'))
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.0001, weight_decay=1e-5))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _pipeline
