"""OPN, a rival of Table 9, with R3D-26 on UCF101: four frames in one of twelve orders.

    python tools/train.py configs/rivals/paper/opn_r3d26_ucf.py

Settings of the official code; 130,000 and 170,000 iterations are 872 and 1,141 of our epochs. Unverified: how far apart
frames lie, because the code reads tuples and their motion from files; here the motion comes from the video's vectors.
Paper: retrieval R@1/5/10/20 19.9/28.7/34.0/40.6 (UCF101, CaffeNet)
Protocol: retrieval_paper
Cost: 4 still clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='OPNHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleOPN', min_gap=5, max_gap=15)
_pipeline[2] = dict(_pipeline[2], flip_prob=0.5, boxes='shared', flips='shared', jitter=0.05)
_pipeline.insert(3, dict(type='AugmentColourEach', each='frame', blur_prob=0.0, jitter_prob=0.0, channel='one'))
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[872], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1141)
auto_scale_lr = dict(enable=True, base_batch_size=64)
del _pipeline
