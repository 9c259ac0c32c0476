"""DSM, a rival of Table 8 or 9, with R3D-26 on UCF101: a warped clip, a queue, a segment of its own video.

    python tools/train.py configs/rivals/paper/dsm_r3d26_ucf.py

Optimiser, loss, rotation and jitter of the official code, which flips no clip; clips are 16 x 4 at 112 px, as in its
Kinetics-400 script; its UCF101 script has 3 clips of 32 x 4 at 224 px a batch.
Paper: 74.8 UCF101, 52.5 HMDB51 (UCF101, I3D); retrieval R@1/5/10/20/50 16.8/33.4/43.4/54.6/70.7 (C3D)
Protocol: finetune
Cost: 3 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='DSMHead', in_channels=2048, queue_size=3569))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleDSM', clip_len=16, frame_interval=4)
_pipeline[2] = dict(_pipeline[2], rotation=10.0)
_jitter = dict(jitter_prob=1.0, brightness=0.5, contrast=0.5, saturation=0.25, hue=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', blur_prob=0.0, **_jitter))
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.003, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[120, 160], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _jitter
del _pipeline
